package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
)

const (
	crossPending = 128 << 10 // trees that are pending for the spout of the throughput cases
	crossRate    = 20_000    // tuples a second of the latency case
)

// crossCase is a spout in one worker process and a bolt in another, with a nats-server in a third.
func crossCase(kind string, b bar) benchCase {
	return benchCase{
		name: "xworker-" + kind, unit: "tuples/s", metric: perSecond, bar: b, note: crossNote,
		gale:  func(p plan) (load, error) { return newCrossOnGale(kind, p) },
		limit: func(p plan) (load, error) { return newCrossLimit(kind, p) },
	}
}

func crossLatencyCase() benchCase {
	return benchCase{
		name: "xworker-latency-20k", unit: "us (p50)", metric: medianMicros, bar: bar{p50: 400, p99: 2000}, note: crossNote,
		gale:  func(p plan) (load, error) { return newCrossOnGale("latency", p) },
		limit: func(p plan) (load, error) { return newCrossLimit("latency", p) },
	}
}

const crossNote = "CPU and allocations are those of the process with the nats-server"

// tally is what a component of a fleet has counted.
type tally struct {
	Units   int64            `json:"units"`
	Fails   int64            `json:"fails"`
	P50     float64          `json:"p50"` // of latency, microseconds
	P99     float64          `json:"p99"`
	P999    float64          `json:"p999"`
	LateP50 float64          `json:"late_p50"` // of the generator
	LateP99 float64          `json:"late_p99"`
	Words   map[string]int64 `json:"words,omitempty"` // how often each was read, or is committed
}

// crossLoad is what works in two other processes, "source" and "null".
type crossLoad struct {
	nc           *nats.Conn
	halt         func() error
	counted      string // who of them counts the units
	null, source tally  // in the end
}

func newCrossLoad(kind string, nc *nats.Conn, halt func() error) *crossLoad {
	c := &crossLoad{nc: nc, halt: halt, counted: "null"}
	if kind == "acked" {
		c.counted = "source"
	}
	return c
}

// newCrossOnGale is a fleet of two workers.
func newCrossOnGale(kind string, p plan) (load, error) {
	f, err := startFleet(member{Kind: kind, Plan: p}.String(), [][]cluster.TaskID{{nullTask}, {sourceTask}}, map[string]int{"null": 1, "source": 1})
	if err != nil {
		return nil, err
	}
	return newCrossLoad(kind, f.nc, f.stop), nil
}

func (c *crossLoad) run(ctx context.Context) error {
	<-ctx.Done()
	return errors.Join(c.tally(), c.halt())
}

func (c *crossLoad) tally() (err error) {
	if c.null, err = c.ask("null"); err != nil {
		return err
	}
	if c.source, err = c.ask("source"); err != nil {
		return err
	}
	if c.source.Fails > 0 {
		return fmt.Errorf("%d tuple trees failed", c.source.Fails)
	}
	return nil
}

func (c *crossLoad) ask(role string) (t tally, err error) {
	m, err := c.nc.Request(countSubject+"."+role, nil, patience)
	if err != nil {
		return t, fmt.Errorf("asking %s what it has counted: %w", role, err)
	}
	return t, json.Unmarshal(m.Data, &t)
}

// done returns 0 when it can't be asked: then tally says why.
func (c *crossLoad) done() int64 {
	t, _ := c.ask(c.counted)
	return t.Units
}

func (c *crossLoad) latency() percentiles {
	return percentiles{c.null.P50, c.null.P99, c.null.P999}
}

func (c *crossLoad) note() string {
	if c.source.LateP50 == 0 {
		return ""
	}
	return fmt.Sprintf("the generator itself woke late by p50 %.1f us, p99 %.1f us, which is in the latency", c.source.LateP50, c.source.LateP99)
}

// crossSpout emits a constant string for ever.
type crossSpout struct {
	acked bool
	acks  atomic.Int64
	fails atomic.Int64
}

func (s *crossSpout) Open(context.Context, *topology.Context) error {
	return answer("source", func() any { return tally{Units: s.acks.Load(), Fails: s.fails.Load()} })
}

func (s *crossSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	if s.acked {
		out.EmitID(s, text)
	} else {
		out.Emit(text)
	}
	return nil
}

func (s *crossSpout) Ack(any)         { s.acks.Add(1) }
func (s *crossSpout) Fail(any, error) { s.fails.Add(1) }

// crossNull drops what it is given.
type crossNull struct{ executed atomic.Int64 }

func (n *crossNull) Prepare(context.Context, *topology.Context) error {
	return answer("null", func() any { return tally{Units: n.executed.Load()} })
}

func (n *crossNull) Execute(context.Context, *topology.Tuple, *topology.Collector) error {
	n.executed.Add(1)
	return nil
}

// stampSpout emits tuples when they are due, each with its number and the time of day that it was due: the bolt is in another
// process of the same machine.
type stampSpout struct {
	dueSpout
	mu sync.Mutex // guards what dueSpout counts, which another goroutine asks for
}

func (s *stampSpout) Open(ctx context.Context, tc *topology.Context) error {
	if err := s.dueSpout.Open(ctx, tc); err != nil {
		return err
	}
	return answer("source", s.tally)
}

func (s *stampSpout) tally() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generator.tally(s.emitted, s.fails)
}

// tally is what is told of a generator's load: how late it was only once nobody records that any more.
func (g *generator) tally(units, fails int64) tally {
	t := tally{Units: units, Fails: fails}
	select {
	case <-g.ended:
		late := percentilesOf(g.late)
		t.LateP50, t.LateP99 = late.p50, late.p99
	default:
	}
	return t
}

func (s *stampSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for due := s.due.Load(); s.emitted < due; s.emitted++ {
		out.EmitID(s, s.emitted, s.stamp(s.emitted))
	}
	if s.emitted == s.total {
		return topology.ErrEnd
	}
	return nil
}

func (s *stampSpout) Fail(id any, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dueSpout.Fail(id, err)
}

// stamp returns the time of day that tuple n comes due, in nanoseconds.
func (g *generator) stamp(n int64) int64 { return g.start.Add(g.at(n)).UnixNano() }

// stampMeter sees how late tuples arrive.
type stampMeter struct {
	*latencyMeter
	mu sync.Mutex // guards what latencyMeter counts
}

func (m *stampMeter) Prepare(context.Context, *topology.Context) error {
	return answer("null", m.tally)
}

func (m *stampMeter) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	m.stamped(t.Int("n"), t.Int("due"))
	return nil
}

// stamped is called when tuple n has arrived, which was due at that time of day.
func (m *stampMeter) stamped(n, due int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen++
	if m.measured(n) {
		record(m.times, time.Duration(time.Now().UnixNano()-due))
	}
}

func (m *stampMeter) tally() any {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := percentilesOf(m.times)
	return tally{Units: m.seen, P50: p.p50, P99: p.p99, P999: p.p999}
}
