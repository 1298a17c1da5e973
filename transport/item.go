package transport

import (
	"encoding/binary"
	"fmt"
)

// A body is a row of items. On the data lane each is a slab:
//
//	dest:4 length:4 bytes
//
// On the control lane each is a record or a grant:
//
//	1:1 length:4 bytes
//	2:1 dest:4 count:4
const (
	slabHead   = 8
	recordHead = 5
	grantSize  = 9

	tagRecord = 1
	tagGrant  = 2
)

func appendSlab(b []byte, dest Dest, slab []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(dest))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(slab)))
	return append(b, slab...)
}

func appendRecord(b, record []byte) []byte {
	b = append(b, tagRecord)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	return append(b, record...)
}

func appendGrant(b []byte, dest Dest, count int) []byte {
	b = append(b, tagGrant)
	b = binary.LittleEndian.AppendUint32(b, uint32(dest))
	return binary.LittleEndian.AppendUint32(b, uint32(count))
}

// nextSlab returns the first slab of a body that is not empty, and what follows it.
func nextSlab(body []byte) (dest Dest, slab, rest []byte, err error) {
	if len(body) < slabHead {
		return 0, nil, nil, errShort
	}
	dest = Dest(binary.LittleEndian.Uint32(body))
	slab, rest, err = cut(body[4:])
	return dest, slab, rest, err
}

// controlItem is a record, or a grant when count is not 0.
type controlItem struct {
	record []byte
	dest   Dest
	count  uint32
}

// nextItem returns the first item of a control body that is not empty, and what follows it.
func nextItem(body []byte) (i controlItem, rest []byte, err error) {
	switch body[0] {
	case tagRecord:
		i.record, rest, err = cut(body[1:])
		return i, rest, err
	case tagGrant:
		return nextGrant(body)
	}
	return i, nil, fmt.Errorf("an item of kind %d", body[0])
}

func nextGrant(body []byte) (i controlItem, rest []byte, err error) {
	if len(body) < grantSize {
		return i, nil, errShort
	}
	i.dest = Dest(binary.LittleEndian.Uint32(body[1:]))
	if i.count = binary.LittleEndian.Uint32(body[5:]); i.count == 0 {
		return i, nil, fmt.Errorf("a grant of 0 for %d", i.dest)
	}
	return i, body[grantSize:], nil
}

// cut takes a length and as many bytes. The bytes have no capacity beyond their length, since what follows is another's.
func cut(b []byte) (bytes, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errShort
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n > uint64(len(b)) {
		return nil, nil, errShort
	}
	return b[:n:n], b[n:], nil
}
