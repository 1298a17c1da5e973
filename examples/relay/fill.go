package main

import (
	"context"
	"strconv"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
)

// fill declares the topology that publishes the numbers. They bear message ids: each is to be in the stream once.
func fill(o options) *topology.Builder {
	b := topology.NewBuilder("relay-fill")
	b.Spout("numbers", func() topology.Spout { return &numbers{last: o.fill, rate: o.rate} }).Emits("data", "n")
	out := jetstream.SinkOptions{Access: o.access, Subject: subject(o.in), Stream: o.in, MsgIDField: "n"}
	jetstream.Sink(b, "stream", out).Shuffle("numbers")
	return b
}

// numbers is a spout of the numbers from 1 to last.
type numbers struct {
	last   int64
	rate   float64 // a second; 0 is as fast as it goes
	n      int64   // emitted last
	failed []int64 // to be emitted again; no more than may be pending
	now    func() time.Time
	start  time.Time
}

// Open implements [topology.Opener].
func (s *numbers) Open(_ context.Context, tc *topology.Context) error {
	s.now, s.start = tc.Now, tc.Now()
	return nil
}

// Next implements [topology.Spout].
func (s *numbers) Next(_ context.Context, out *topology.SpoutCollector) error {
	n := s.n + 1
	switch {
	case len(s.failed) > 0:
		n, s.failed = s.failed[0], s.failed[1:]
	case s.n == s.last:
		return topology.ErrEnd
	case n > s.due():
		return nil
	default:
		s.n = n
	}
	out.EmitID(n, strconv.FormatInt(n, 10), n)
	return nil
}

// due is how many numbers the rate allows by now.
func (s *numbers) due() int64 {
	if s.rate == 0 {
		return s.last
	}
	return int64(min(s.now().Sub(s.start).Seconds()*s.rate, float64(s.last)))
}

// Ack implements [topology.Acknowledger].
func (s *numbers) Ack(any) {}

// Fail implements [topology.Acknowledger].
func (s *numbers) Fail(id any, _ error) { s.failed = append(s.failed, id.(int64)) }
