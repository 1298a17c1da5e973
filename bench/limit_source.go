package main

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport/wire"
	"github.com/nats-io/nats.go"
)

// sourceFrames is how many frames are on their way where nothing is acked.
const sourceFrames = 64

// crossSource is the sender, and has the ledger. But for tally it is one goroutine's.
type crossSource struct {
	nc        *nats.Conn
	acks      <-chan *nats.Msg
	generator *generator // of the latency case, else nil
	acked     bool
	ledger    []uint64
	free      []uint32 // slots
	credits   int      // frames that may be sent where nothing is acked
	random    edges
	encoder   *wire.Encoder
	frame     []byte
	units     atomic.Int64 // trees that are complete
}

func newCrossSource(m member, nc *nats.Conn) (*crossSource, error) {
	acks, err := messages(nc, ackSubject)
	s := &crossSource{nc: nc, acks: acks, acked: m.Kind != "unacked", credits: sourceFrames, random: 1, encoder: wire.NewEncoder()}
	s.ledger = make([]uint64, crossPending)
	for slot := range s.ledger {
		s.free = append(s.free, uint32(slot))
	}
	if m.Kind == "latency" {
		s.generator = m.generator()
	}
	return s, err
}

func (s *crossSource) run() error {
	if s.generator != nil {
		return s.runDue()
	}
	text := []topology.Value{topology.StringValue(text)}
	for {
		s.hear()
		for len(s.frame) < frameSize && len(s.free) > 0 {
			if err := s.add(text); err != nil {
				return err
			}
		}
		if err := s.send(); err != nil {
			return err
		}
	}
}

// runDue sends a frame for each tuple that has come due.
func (s *crossSource) runDue() error {
	due := make(chan int64, batchSize)
	s.generator.begin(func(n int64) { due <- n })
	for n := int64(0); ; {
		select {
		case upTo := <-due:
			for ; n < upTo; n++ {
				if err := s.sendDue(n); err != nil {
					return err
				}
			}
		case m := <-s.acks:
			s.settle(m.Data)
		}
	}
}

func (s *crossSource) sendDue(n int64) error {
	s.hear()
	if err := s.add([]topology.Value{topology.IntValue(n), topology.IntValue(s.generator.stamp(n))}); err != nil {
		return err
	}
	return s.send()
}

// hear takes the acks that are there, and waits for some where it can't go on without.
func (s *crossSource) hear() {
	for len(s.acks) > 0 || len(s.free) == 0 || s.credits == 0 {
		s.settle((<-s.acks).Data)
	}
}

// settle applies the records of a frame.
func (s *crossSource) settle(records []byte) {
	s.credits++
	for ; len(records) > 0; records = records[headSize:] {
		slot := binary.LittleEndian.Uint32(records)
		if s.ledger[slot] ^= binary.LittleEndian.Uint64(records[4:]); s.ledger[slot] == 0 {
			s.free = append(s.free, slot)
			s.units.Add(1)
		}
	}
}

// add adds a tuple to the frame.
func (s *crossSource) add(values []topology.Value) (err error) {
	var slot uint32
	var edge uint64
	if s.acked {
		slot, s.free = s.free[len(s.free)-1], s.free[:len(s.free)-1]
		edge = s.random.next()
		s.ledger[slot] = edge
	}
	s.frame = appendRecord(s.frame, slot, edge)
	s.frame, err = s.encoder.AppendValues(s.frame, values)
	return err
}

func appendRecord(b []byte, slot uint32, x uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, slot), x)
}

func (s *crossSource) send() error {
	if !s.acked {
		s.credits--
	}
	err := s.nc.Publish(frameSubject, s.frame)
	s.frame = s.frame[:0]
	return err
}

func (s *crossSource) tally() any {
	if s.generator != nil {
		return s.generator.tally(s.units.Load(), 0)
	}
	return tally{Units: s.units.Load()}
}
