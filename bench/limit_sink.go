package main

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport/wire"
	"github.com/nats-io/nats.go"
)

// crossSink is the receiver. But for tally it is one goroutine's.
type crossSink struct {
	nc      *nats.Conn
	frames  <-chan *nats.Msg
	meter   *stampMeter // of the latency case, else nil
	acked   bool
	decoder *wire.Decoder
	values  []topology.Value
	records []byte
	units   atomic.Int64 // tuples
}

func newCrossSink(m member, nc *nats.Conn) (*crossSink, error) {
	frames, err := messages(nc, frameSubject)
	s := &crossSink{nc: nc, frames: frames, acked: m.Kind != "unacked", decoder: wire.NewDecoder()}
	if m.Kind == "latency" {
		s.meter = &stampMeter{latencyMeter: newLatencyMeter(m.generator())}
	}
	return s, err
}

func (s *crossSink) run() error {
	for m := range s.frames {
		if err := s.take(m.Data); err != nil {
			return err
		}
		if err := s.nc.Publish(ackSubject, s.records); err != nil {
			return err
		}
	}
	return nil
}

// take decodes a frame. Where tuples are acked, it makes a record for each.
func (s *crossSink) take(frame []byte) (err error) {
	s.records = s.records[:0]
	n := int64(0)
	for ; len(frame) > 0; n++ {
		slot, edge := binary.LittleEndian.Uint32(frame), binary.LittleEndian.Uint64(frame[4:])
		if s.values, frame, err = s.decoder.Values(s.values[:0], frame[headSize:]); err != nil {
			return err
		}
		if s.meter != nil {
			s.stamped()
		}
		if s.acked {
			s.records = appendRecord(s.records, slot, edge)
		}
	}
	s.units.Add(n)
	return nil
}

func (s *crossSink) stamped() {
	n, _ := s.values[0].AsInt()
	due, _ := s.values[1].AsInt()
	s.meter.stamped(n, due)
}

func (s *crossSink) tally() any {
	if s.meter != nil {
		return s.meter.tally()
	}
	return tally{Units: s.units.Load()}
}
