package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMean(t *testing.T) {
	var m mean
	require.Equal(t, 100.0, m.add(second(0), 100, time.Second), "the first sample")
	require.InDelta(t, 50, m.add(second(1), 0, time.Second), 1e-9, "after one half-life")
	require.InDelta(t, 12.5, m.add(second(3), 0, time.Second), 1e-9, "after two more")
	require.True(t, math.IsNaN(m.add(second(4), math.NaN(), time.Second)))
	require.True(t, math.IsNaN(m.add(second(4), math.Inf(1), time.Second)))
	require.InDelta(t, 6.25, m.add(second(4), 0, time.Second), 1e-9, "what is no number left it alone")
	require.InDelta(t, 6.25, m.add(second(4), 80, time.Second), 1e-9, "no time has passed")
	require.InDelta(t, 6.25, m.add(second(2), 80, time.Second), 1e-9, "the clock was set back")
	require.InDelta(t, 43.125, m.add(second(3), 80, time.Second), 1e-9, "and goes on from there")
}

func TestMeanWithoutHalfLife(t *testing.T) {
	var m mean
	for i, x := range []float64{3, 99, 0} {
		require.Equal(t, x, m.add(second(float64(i)), x, 0))
	}
}

// A mean doesn't depend on how often a constant is sampled, and stays between its samples.
func TestMeanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m mean
		lowest, highest, now := math.Inf(1), math.Inf(-1), 0.0
		for _, x := range rapid.SliceOfN(rapid.Float64Range(-1e12, 1e12), 1, 50).Draw(t, "samples") {
			now += rapid.Float64Range(0, 100).Draw(t, "pause")
			lowest, highest = min(lowest, x), max(highest, x)
			got := m.add(second(now), x, 2*time.Second)
			if slack := 1e-9 * max(math.Abs(lowest), math.Abs(highest)); got < lowest-slack || got > highest+slack {
				t.Fatalf("mean %v of samples between %v and %v", got, lowest, highest)
			}
		}
	})
}
