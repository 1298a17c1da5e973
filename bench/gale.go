package main

import (
	"context"
	"fmt"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
)

// onGale is a topology on the runtime. Its units are what one component has done, as the runtime
// counts it: exact, and published once a chunk of work, so that looking costs the tasks nothing.
type onGale struct {
	worker  *worker.Worker
	counted string // the component: trees completed if it is a spout, tuples executed if it is a bolt
	// own returns what the components' code has counted of the same, in plain fields, and how many
	// trees it was told have failed. It is called after the run.
	own func() (units, failed int64)
}

func newOnGale(b *topology.Builder, counted string, own func() (units, failed int64)) (*onGale, error) {
	t, err := b.Build()
	if err != nil {
		return nil, err
	}
	w, err := worker.New(t, worker.Options{})
	return &onGale{worker: w, counted: counted, own: own}, err
}

func (g *onGale) run(ctx context.Context) error {
	if err := g.worker.Run(ctx); err != nil {
		return err
	}
	units, failed := g.own()
	if done := g.done(); units != done {
		return fmt.Errorf("%s counted %d, the runtime %d", g.counted, units, done)
	}
	if failed > 0 {
		return fmt.Errorf("%d tuple trees failed", failed)
	}
	return nil
}

func (g *onGale) done() int64 {
	for _, c := range g.components() {
		switch {
		case c.Component != g.counted:
		case c.Spout:
			return c.Acked
		default:
			return c.Executed
		}
	}
	panic("bench: there is no component " + g.counted)
}

// latency is of trees, from emit to ack; where there are none, of tuples of the counted bolt,
// from their batch being sent to their being executed.
func (g *onGale) latency() percentiles {
	var acked, executed worker.Latency
	for _, c := range g.components() {
		acked = acked.Merge(c.Complete)
		if c.Component == g.counted {
			executed = c.Process
		}
	}
	l := acked
	if acked.Count() == 0 {
		l = executed
	}
	micros := func(q float64) float64 { return float64(l.Quantile(q)) / 1e3 }
	return percentiles{micros(0.5), micros(0.99), micros(0.999)}
}

func (g *onGale) note() string { return "" }

func (g *onGale) components() []worker.ComponentSnapshot {
	s := g.worker.Snapshot()
	return s.Components()
}
