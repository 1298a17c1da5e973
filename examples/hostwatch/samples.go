package main

import (
	"context"
	"time"

	"github.com/galestream/gale/topology"
)

// Sample is a figure of this machine at a time.
type Sample struct {
	Metric string    `gale:"metric"`
	At     time.Time `gale:"at"`
	Value  float64   `gale:"value"` // NaN when it could not be read
}

// samples emits the figures as they are read.
//
// A sample whose tree fails is not emitted again: the next one says more, and one that is late
// would only upset the mean. Nothing hangs on it, for alerts are tried again where they fail.
type samples struct {
	options options
	sampler *sampler
}

func newSamples(o options) *samples { return &samples{options: o} }

// Open implements topology.Opener.
func (s *samples) Open(_ context.Context, tc *topology.Context) error {
	m := newMeter(s.options.bands)
	s.sampler = &sampler{
		read:     func(at time.Time) []Sample { return m.read(at, tc.Report) },
		interval: s.options.interval,
		duration: s.options.duration,
		wake:     tc.Wake,
		report:   tc.Report,
	}
	s.sampler.start()
	return nil
}

// Next implements topology.Spout. It never blocks: the sampler wakes the spout.
func (s *samples) Next(_ context.Context, out *topology.SpoutCollector) error {
	select {
	case reading, more := <-s.sampler.readings:
		if !more {
			return topology.ErrEnd
		}
		for i := range reading {
			topology.EmitStructID(out, &reading[i], reading[i])
		}
	default:
	}
	return nil
}

// Close implements topology.Closer.
func (s *samples) Close() error {
	s.sampler.close()
	return nil
}
