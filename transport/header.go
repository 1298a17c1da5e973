package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// lane is one of the two ways of a link. Each has a subject and sequences of its own.
type lane int

const (
	data lane = iota
	control
	lanes
)

// kind says what a frame is for.
type kind uint8

const (
	kindData    = kind(data) + 1    // slabs, on the data lane
	kindControl = kind(control) + 1 // control records and grants, on the control lane
	kindState   = kind(lanes) + 1   // has no sequence of its own and says only what its header says; on either lane
)

// marks are what a state says besides.
type marks uint8

const (
	ask   marks = 1 << iota // the peer is to say its state
	noted                   // there is something to say, though no mark is set
	gap                     // gap<<lane: frames of the lane after the confirmed ones were lost, and are to be sent again
)

// header is the beginning of each frame.
//
//	version:1 kind:1 marks:1 0:1 | from:8 to:8 | seq:8 | confirmed:8 of data, :8 of control
//
// Numbers are little-endian. A state has a body of 4 bytes, the credits of a Dest.
type header struct {
	kind      kind
	marks     marks
	from, to  uint64        // the lives of sender and receiver; to is 0 while the sender does not know it
	seq       uint64        // of this frame; in a state, of the next frame on the lane that it is sent on
	confirmed [lanes]uint64 // the highest sequence up to which all was received, the other way
}

const (
	version    = 1
	headerSize = 4 + 3*8 + int(lanes)*8
	stateSize  = headerSize + 4
)

func (h *header) put(b []byte) {
	b[0], b[1], b[2], b[3] = version, byte(h.kind), byte(h.marks), 0
	binary.LittleEndian.PutUint64(b[4:], h.from)
	binary.LittleEndian.PutUint64(b[12:], h.to)
	binary.LittleEndian.PutUint64(b[20:], h.seq)
	for l, c := range h.confirmed {
		binary.LittleEndian.PutUint64(b[28+8*l:], c)
	}
}

var errShort = errors.New("it ends too early")

// parseHeader takes a frame apart that came on lane l.
func parseHeader(l lane, b []byte) (h header, body []byte, err error) {
	if len(b) < headerSize {
		return h, nil, errShort
	}
	if b[0] != version {
		return h, nil, fmt.Errorf("it has version %d, not %d", b[0], version)
	}
	h.kind, h.marks = kind(b[1]), marks(b[2])
	if h.kind != kindState && h.kind != kind(l)+1 {
		return h, nil, fmt.Errorf("a frame of kind %d on lane %d", h.kind, l)
	}
	h.from, h.to = binary.LittleEndian.Uint64(b[4:]), binary.LittleEndian.Uint64(b[12:])
	h.seq = binary.LittleEndian.Uint64(b[20:])
	for l := range h.confirmed {
		h.confirmed[l] = binary.LittleEndian.Uint64(b[28+8*l:])
	}
	return h, b[headerSize:], nil
}
