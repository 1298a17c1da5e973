package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
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
		limit: func(plan) (load, error) { return newCrossLimit(kind == "acked") },
	}
}

func crossLatencyCase() benchCase {
	return benchCase{
		name: "xworker-latency-20k", unit: "us (p50)", metric: medianMicros, bar: bar{p50: 400, p99: 2000}, note: crossNote,
		gale:  func(p plan) (load, error) { return newCrossOnGale("latency", p) },
		limit: func(p plan) (load, error) { return newCrossLatencyLimit(p) },
	}
}

const crossNote = "CPU and allocations are those of the process with the nats-server"

// tally is what a component of a fleet has counted.
type tally struct {
	Units   int64   `json:"units"`
	Fails   int64   `json:"fails"`
	P50     float64 `json:"p50"` // of latency, microseconds
	P99     float64 `json:"p99"`
	P999    float64 `json:"p999"`
	LateP50 float64 `json:"late_p50"` // of the generator
	LateP99 float64 `json:"late_p99"`
}

// crossOnGale is a fleet of two workers.
type crossOnGale struct {
	fleet        *fleet
	counted      string // who counts the units: "source" or "null"
	last, source tally
}

func newCrossOnGale(kind string, p plan) (*crossOnGale, error) {
	f, err := startFleet(member{Kind: kind, Plan: p}.String(), [][]cluster.TaskID{{nullTask}, {sourceTask}}, map[string]int{"null": 1, "source": 1})
	c := &crossOnGale{fleet: f, counted: "null"}
	if kind == "acked" {
		c.counted = "source"
	}
	return c, err
}

func (c *crossOnGale) run(ctx context.Context) error {
	<-ctx.Done()
	var err error
	if c.last, err = c.ask("null"); err != nil {
		return err
	}
	if c.source, err = c.ask("source"); err != nil {
		return err
	}
	if c.source.Fails > 0 {
		err = fmt.Errorf("%d tuple trees failed", c.source.Fails)
	}
	if stopped := c.fleet.stop(); err == nil {
		err = stopped
	}
	return err
}

func (c *crossOnGale) ask(role string) (t tally, err error) {
	m, err := c.fleet.nc.Request(countSubject+"."+role, nil, patience)
	if err != nil {
		return t, fmt.Errorf("asking %s what it has counted: %w", role, err)
	}
	return t, json.Unmarshal(m.Data, &t)
}

func (c *crossOnGale) done() int64 {
	t, err := c.ask(c.counted)
	if err != nil {
		return 0
	}
	return t.Units
}

func (c *crossOnGale) latency() percentiles {
	t := c.last
	if t.P50 == 0 {
		t = c.source
	}
	return percentiles{t.P50, t.P99, t.P999}
}

func (c *crossOnGale) note() string {
	if c.source.LateP50 == 0 {
		return crossNote
	}
	return fmt.Sprintf("%s; the generator itself woke late by p50 %.1f us, p99 %.1f us, which is in the latency", crossNote, c.source.LateP50, c.source.LateP99)
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
type stampSpout struct{ dueSpout }

func (s *stampSpout) Open(ctx context.Context, tc *topology.Context) error {
	if err := s.dueSpout.Open(ctx, tc); err != nil {
		return err
	}
	return answer("source", func() any {
		t := tally{Units: s.emitted, Fails: s.fails}
		select {
		case <-s.ended: // nobody records any more
			late := percentilesOf(s.late)
			t.LateP50, t.LateP99 = late.p50, late.p99
		default:
		}
		return t
	})
}

func (s *stampSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	for due := s.due.Load(); s.emitted < due; s.emitted++ {
		out.EmitID(s, s.emitted, s.start.Add(s.at(s.emitted)).UnixNano())
	}
	if s.emitted == s.total {
		return topology.ErrEnd
	}
	return nil
}

// stampMeter sees how late tuples arrive.
type stampMeter struct{ *latencyMeter }

func (m *stampMeter) Prepare(context.Context, *topology.Context) error {
	var mu sync.Mutex
	return answer("null", func() any {
		mu.Lock()
		defer mu.Unlock()
		p := percentilesOf(m.times)
		return tally{Units: m.seen, P50: p.p50, P99: p.p99, P999: p.p999}
	})
}

func (m *stampMeter) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	m.seen++
	if m.measured(t.Int("n")) {
		record(m.times, time.Duration(time.Now().UnixNano()-t.Int("due")))
	}
	return nil
}
