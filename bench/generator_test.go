package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGeneratorPublishesAllAndNoneBeforeItsTime(t *testing.T) {
	p := plan{warm: 10 * time.Millisecond, window: 20 * time.Millisecond}
	g := newGenerator(10_000, p)
	require.EqualValues(t, 100, g.first)
	require.EqualValues(t, 300, g.last)

	var before int64
	published := 0
	g.begin(func(due int64) {
		published++
		require.Greater(t, due, before)
		require.GreaterOrEqual(t, time.Since(g.start), g.at(due-1))
		before = due
	})
	<-g.ended
	require.Equal(t, g.total, before)
	require.Positive(t, published)
	require.Positive(t, g.late.TotalCount())
}

// A tuple is late from when it was due, not from when it was emitted; only the window counts.
func TestMeterCountsFromTheDueTime(t *testing.T) {
	g := newGenerator(1000, plan{warm: time.Second, window: time.Second})
	m := newLatencyMeter(g)
	g.start = time.Now().Add(-3 * time.Second)
	for _, n := range []int64{999, 1000, 1999, 2000} {
		m.arrived(n)
	}
	require.EqualValues(t, 4, m.seen)
	require.EqualValues(t, 2, m.times.TotalCount())
	require.GreaterOrEqual(t, m.times.Max(), int64(1990*time.Millisecond))
	require.GreaterOrEqual(t, m.times.Min(), int64(990*time.Millisecond))
	require.ErrorContains(t, m.check(), "arrived")
}
