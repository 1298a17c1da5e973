package trident

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/codec"
)

// sinkHeader says what a staged record of a sink is of.
type sinkHeader struct {
	sink      string
	partition int
	txid      uint64
	done      uint64 // the last batch of the partition that the sink had then
	part      uint64 // from 0: a record that was appended twice is known by it
}

// sinkMark is the first byte of what sinks stage; states begin with another.
const sinkMark = 0xA5

var errGap = errors.New("batches that are committed are not here")

// encodeSinkRecords makes as many log records of a batch as it takes.
func encodeSinkRecords[T any](c codec.Codec[T], h sinkHeader, xs []T) (records [][]byte, err error) {
	part := h.part
	for len(xs) > 0 {
		n, size := 0, 0
		for n < len(xs) && size < changelog.MaxPayload/2 {
			size += c.Size(xs[n]) + 1
			n++
		}
		h.part = part + uint64(len(records))
		b := h.append(nil)
		if b, err = codec.AppendSlice(c, b, xs[:n]); err != nil {
			return nil, fmt.Errorf("sink %q: %w", h.sink, err)
		}
		if len(b) > changelog.MaxPayload && n > 1 {
			half, err := encodeSinkRecords(c, h, xs[:n/2]) // from h.part on
			if err != nil {
				return nil, err
			}
			records, xs = append(records, half...), xs[n/2:]
			continue
		}
		if len(b) > changelog.MaxPayload {
			return nil, fmt.Errorf("sink %q: a record takes %d bytes; %d are possible", h.sink, len(b), changelog.MaxPayload)
		}
		records, xs = append(records, b), xs[n:]
	}
	return records, nil
}

func (h sinkHeader) append(b []byte) []byte {
	b = append(b, sinkMark)
	b = binary.AppendUvarint(b, uint64(len(h.sink)))
	b = append(b, h.sink...)
	b = binary.AppendUvarint(b, uint64(h.partition))
	b = binary.AppendUvarint(b, h.txid)
	b = binary.AppendUvarint(b, h.done)
	return binary.AppendUvarint(b, h.part)
}

var errSinkRecord = errors.New("a staged record of a sink is malformed")

// decodeSinkRecords reads what encodeSinkRecords has written for the sink; a nil header says that it is something else's.
func decodeSinkRecords[T any](c codec.Codec[T], sink string, b []byte) (*sinkHeader, []T, error) {
	h, rest, err := decodeSinkHeader(b)
	if err != nil || h == nil || h.sink != sink {
		return nil, nil, err
	}
	xs, rest, err := codec.DecodeSlice(c, nil, rest)
	if err == nil && len(rest) > 0 {
		err = errSinkRecord
	}
	if err != nil {
		return nil, nil, fmt.Errorf("sink %q: batch %d: %w", sink, h.txid, err)
	}
	return h, xs, nil
}

func decodeSinkHeader(b []byte) (*sinkHeader, []byte, error) {
	if len(b) == 0 || b[0] != sinkMark {
		return nil, nil, nil
	}
	d := numbers{rest: b[1:]}
	length := d.next()
	if d.bad || length > uint64(len(d.rest)) {
		return nil, nil, errSinkRecord
	}
	h := &sinkHeader{sink: string(d.rest[:length])}
	d.rest = d.rest[length:]
	partition := d.next()
	h.txid, h.done, h.part = d.next(), d.next(), d.next()
	if d.bad || partition > topology.KeyGroups {
		return nil, nil, errSinkRecord
	}
	h.partition = int(partition)
	return h, d.rest, nil
}

// numbers takes numbers off the front of rest; after a bad one it gives zeros.
type numbers struct {
	rest []byte
	bad  bool
}

func (d *numbers) next() uint64 {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return x
}
