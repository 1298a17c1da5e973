package trident

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/galestream/gale/topology"
)

// packetKind says what a packet is.
type packetKind uint8

const (
	packetBegin    packetKind = iota + 1 // a leader begins a batch
	packetChunk                          // records of a batch on an edge
	packetEnd                            // there will be no more of them from this task
	packetAnnounce                       // the batch, and all before it, are committed
	packetPass                           // a query's leader begins a batch without a call: it says from which one on calls count
	numPacketKinds
)

// packet is what travels between tasks: the only value of every tuple.
type packet struct {
	kind    packetKind
	group   uint16
	edge    uint16
	ended   bool   // of an end: nor will there be any of them in a later batch, since the sources have ended
	chunks  uint32 // of an end: how many chunks came before it
	attempt uint64
	txid    uint64
	from    uint64 // the lowest txid that is not committed; of a query: that is open
	last    uint64 // the attempt of the last commit
	commit  uint64 // the sequence of the last commit in the log
	time    int64  // milliseconds since 1970 of the batch
	data    any    // a slice of the edge's type; or its encoding, a raw
	encode  func(b []byte, data any) ([]byte, error)
}

// raw is the data of a packet from another worker.
type raw []byte

func init() { topology.Register[*packet]("gale.trident.packet") }

const packetHeader = 1 + 2 + 2 + 4 + 6*8

// endedBit is set in the byte of the kind.
const endedBit = 0x80

// MarshalBinary encodes the packet for another worker.
func (p *packet) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, packetHeader+1024)
	kind := byte(p.kind)
	if p.ended {
		kind |= endedBit
	}
	b = append(b, kind)
	b = binary.BigEndian.AppendUint16(b, p.group)
	b = binary.BigEndian.AppendUint16(b, p.edge)
	b = binary.BigEndian.AppendUint32(b, p.chunks)
	for _, n := range [...]uint64{p.attempt, p.txid, p.from, p.last, p.commit, uint64(p.time)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	switch data := p.data.(type) {
	case nil:
		return b, nil
	case raw:
		return append(b, data...), nil
	}
	if p.encode == nil {
		return nil, fmt.Errorf("trident: a packet holds %T, which has no encoding", p.data)
	}
	return p.encode(b, p.data)
}

var errPacket = errors.New("trident: a packet is malformed")

// UnmarshalBinary reads what MarshalBinary has written. The data stays encoded: only the receiving operator knows its type.
func (p *packet) UnmarshalBinary(b []byte) error {
	if len(b) < packetHeader {
		return errPacket
	}
	p.kind, p.ended = packetKind(b[0]&^endedBit), b[0]&endedBit != 0
	if p.kind == 0 || p.kind >= numPacketKinds {
		return errPacket
	}
	p.group, p.edge = binary.BigEndian.Uint16(b[1:]), binary.BigEndian.Uint16(b[3:])
	p.chunks = binary.BigEndian.Uint32(b[5:])
	numbers := b[9:packetHeader]
	for i, n := range [...]*uint64{&p.attempt, &p.txid, &p.from, &p.last, &p.commit} {
		*n = binary.BigEndian.Uint64(numbers[8*i:])
	}
	p.time = int64(binary.BigEndian.Uint64(numbers[40:]))
	p.data = nil
	if len(b) > packetHeader {
		p.data = raw(append([]byte(nil), b[packetHeader:]...))
	}
	return nil
}

// fields are those of every stream of a Trident topology.
const packetField = "packet"
