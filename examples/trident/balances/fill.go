package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
)

// fill declares the topology that publishes transfers. They bear message ids: each is to be in the stream once.
func fill(o options) *topology.Builder {
	b := topology.NewBuilder("balances-fill")
	series := rand.Uint64()
	b.Spout("transfers", func() topology.Spout {
		return &transfers{series: series, last: o.fill, accounts: o.accounts, rate: o.rate}
	}).Emits("data", "subject", "id")
	out := jetstream.SinkOptions{Access: o.access, SubjectField: "subject", Stream: o.in, MsgIDField: "id"}
	jetstream.Sink(b, "stream", out).Shuffle("transfers")
	return b
}

// transfers is a spout of a series of random transfers.
type transfers struct {
	series   uint64
	last     int64
	accounts int64
	rate     float64 // a second; 0 is as fast as it goes
	n        int64   // emitted last
	failed   []int64 // to be emitted again; no more than may be pending
	now      func() time.Time
	start    time.Time
}

// Open implements [topology.Opener].
func (s *transfers) Open(_ context.Context, tc *topology.Context) error {
	s.now, s.start = tc.Now, tc.Now()
	return nil
}

// Next implements [topology.Spout].
func (s *transfers) Next(_ context.Context, out *topology.SpoutCollector) error {
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
	t := randomTransfer(s.series, n, s.accounts)
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	out.EmitID(n, data, transferSubject+t.From, fmt.Sprintf("%x-%d", s.series, n))
	return nil
}

// due is how many transfers the rate allows by now.
func (s *transfers) due() int64 {
	if s.rate == 0 {
		return s.last
	}
	return int64(min(s.now().Sub(s.start).Seconds()*s.rate, float64(s.last)))
}

// Ack implements [topology.Acknowledger].
func (s *transfers) Ack(any) {}

// Fail implements [topology.Acknowledger].
func (s *transfers) Fail(id any, _ error) { s.failed = append(s.failed, id.(int64)) }
