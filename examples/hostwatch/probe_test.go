package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// The real figures of this machine, read twice with work between.
func TestProbesReadThisMachine(t *testing.T) {
	bounds := map[string]float64{"cpu": 100, "mem": 100, "disk": 1e12, "net": 1e12}
	for _, m := range metrics {
		t.Run(m.name, func(t *testing.T) {
			p := m.probe()
			first, err := p.read(time.Now())
			require.NoError(t, err)
			require.Equal(t, m.name != "mem", math.IsNaN(first), "%v: a change takes two reads", first)
			burn(100 * time.Millisecond)
			got, err := p.read(time.Now())
			require.NoError(t, err)
			require.GreaterOrEqual(t, got, 0.0)
			require.LessOrEqual(t, got, bounds[m.name])
			if m.unit == percent {
				require.Positive(t, got, "this test itself uses some")
			}
		})
	}
}

// burn keeps a processor busy.
func burn(d time.Duration) {
	for until := time.Now().Add(d); time.Now().Before(until); {
	}
}

// The whole of it: real figures, real threads, real time. Some memory is always used.
func TestWatchThisMachine(t *testing.T) {
	var out strings.Builder
	o := options{
		interval: 50 * time.Millisecond, hold: 100 * time.Millisecond, duration: time.Second,
		bands: map[string]band{"cpu": {99.9, 1}, "mem": {0.001, 0.0005}, "disk": {1e12, 1}, "net": {1e12, 1}},
	}
	topo, err := watch(o, &out).Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Run(t.Context()))
	require.Empty(t, w.Snapshot().Errors)
	require.Regexp(t, `(?m)^\S+Z FIRING   mem \d+\.\d% > 0\.0% for 100ms \(latency \d+\.\d ms\)$`, out.String())
	require.NotContains(t, out.String(), "RESOLVED mem")
}
