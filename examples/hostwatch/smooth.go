package main

import (
	"context"
	"time"

	"github.com/galestream/gale/topology"
)

// Level is the mean of a metric at a time.
type Level struct {
	Metric string    `gale:"metric"`
	At     time.Time `gale:"at"`
	Mean   float64   `gale:"mean"` // NaN when the sample could not be read
}

// smooth takes the mean of each metric.
type smooth struct {
	halfLife time.Duration
	means    map[string]*mean
}

func newSmooth(halfLife time.Duration) *smooth {
	return &smooth{halfLife, map[string]*mean{}}
}

// Execute implements topology.Bolt.
func (s *smooth) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	x := topology.As[Sample](t)
	m := s.means[x.Metric]
	if m == nil {
		m = &mean{}
		s.means[x.Metric] = m
	}
	topology.EmitStruct(out, Level{x.Metric, x.At, m.add(x.At, x.Value, s.halfLife)})
	return nil
}
