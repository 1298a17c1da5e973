package main

import (
	"fmt"
	"math"
	"time"
)

// probe reads one figure of this machine.
type probe interface {
	// read returns the figure as of now; where it is a change, that since the last read. It is
	// NaN when it can't be told, as at the first read of a change.
	read(now time.Time) (float64, error)
}

// meter reads all figures that are watched.
type meter []channel

type channel struct {
	metric string
	probe  probe
}

func newMeter(bands map[string]band) (m meter) {
	for _, x := range metrics {
		if _, on := bands[x.name]; on {
			m = append(m, channel{x.name, x.probe()})
		}
	}
	return m
}

// read returns a sample of each figure, stamped with the time at. What can't be read is
// reported, and NaN.
func (m meter) read(at time.Time, report func(error)) []Sample {
	samples := make([]Sample, len(m))
	for i, c := range m {
		value, err := c.probe.read(time.Now())
		if err != nil {
			value = math.NaN()
			report(fmt.Errorf("reading %s: %w", c.metric, err))
		}
		samples[i] = Sample{Metric: c.metric, At: at, Value: value}
	}
	return samples
}
