package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/galestream/gale/topology"
)

// latencyRate is how many tuples a second come due.
const latencyRate = 50_000

func latencyCase() benchCase {
	return benchCase{
		name: "latency-50k", unit: "us (p50)", metric: medianMicros, bar: bar{p50: 40, p99: 1000},
		gale:  newLatencyOnGale,
		limit: newLatencyLimit,
	}
}

// latencyOnGale is a spout that emits what is due, acked, and a bolt that sees how late it is.
type latencyOnGale struct {
	*onGale
	meter *latencyMeter
}

func newLatencyOnGale(p plan) (load, error) {
	spout := &dueSpout{generator: newGenerator(latencyRate, p)}
	meter := newLatencyMeter(spout.generator)
	b := topology.NewBuilder("latency")
	b.Spout("due", func() topology.Spout { return spout }).Emits("due")
	b.Bolt("null", func() topology.Bolt { return meter }).Shuffle("due")
	g, err := newOnGale(b, "null", func() (int64, int64) { return meter.seen, spout.fails })
	return &latencyOnGale{g, meter}, err
}

// run goes on until all that came due has arrived: to cut it short would leave out the latest.
func (l *latencyOnGale) run(ctx context.Context) error {
	if err := l.onGale.run(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return l.meter.check()
}

func (l *latencyOnGale) latency() percentiles { return percentilesOf(l.meter.times) }
func (l *latencyOnGale) note() string         { return l.meter.note() }

// dueSpout emits tuples when they are due, each with the time that was, and sleeps in between: the
// generator wakes it.
type dueSpout struct {
	*generator
	context *topology.Context
	due     atomic.Int64
	emitted int64
	fails   int64
}

func (s *dueSpout) Open(_ context.Context, tc *topology.Context) error {
	s.context = tc
	return nil
}

func (s *dueSpout) Activate() {
	s.begin(func(due int64) {
		s.due.Store(due)
		s.context.Wake()
	})
}

func (s *dueSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	for due := s.due.Load(); s.emitted < due; s.emitted++ {
		out.EmitID(s, s.emitted)
	}
	if s.emitted == s.total {
		return topology.ErrEnd
	}
	return nil
}

func (s *dueSpout) Ack(any)         {}
func (s *dueSpout) Fail(any, error) { s.fails++ }

// Close waits for the generator.
func (s *dueSpout) Close() error {
	<-s.ended
	return nil
}

// latencyMeter sees how late tuples arrive.
type latencyMeter struct {
	*generator
	seen  int64
	times *hdrhistogram.Histogram // of those that are measured
}

func newLatencyMeter(g *generator) *latencyMeter {
	return &latencyMeter{generator: g, times: newHistogram()}
}

func (m *latencyMeter) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	m.arrived(t.Int("due"))
	return nil
}

// arrived is called when tuple n has arrived.
func (m *latencyMeter) arrived(n int64) {
	m.seen++
	if m.measured(n) {
		record(m.times, time.Since(m.start)-m.at(n))
	}
}

func (m *latencyMeter) check() error {
	if m.seen != m.total {
		return fmt.Errorf("%d tuples came due, %d arrived", m.total, m.seen)
	}
	return nil
}

func (m *latencyMeter) note() string {
	late := percentilesOf(m.late)
	return fmt.Sprintf("%d/s came due; the generator itself woke late by p50 %.1f us, p99 %.1f us, which is in the latency",
		latencyRate, late.p50, late.p99)
}
