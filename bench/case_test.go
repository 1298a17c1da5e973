package main

import (
	"context"
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryCaseGivesAFigure(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, removeBuilt()) })
	for _, c := range allCases() {
		if c.probe != nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			r, err := c.measure(100 * time.Millisecond)
			require.NoError(t, err)
			require.Positive(t, r.Value)
			require.Positive(t, r.Limit)
			require.Positive(t, r.Ratio)
			require.Positive(t, r.CPUPerMillion)
			if !strings.HasSuffix(c.name, "acked") || !strings.HasPrefix(c.name, "xworker-") { // whose workers tell no latencies
				require.Positive(t, r.P50)
			}
			require.LessOrEqual(t, r.P50, r.P99)
			require.LessOrEqual(t, r.P99, r.P999)
			if strings.HasPrefix(c.name, "const-") {
				require.Less(t, r.AllocsPerTuple, maxAllocs)
			}
		})
	}
}

var long = flag.Bool("long", false, "also run what takes long: the failovers that begin with a silence of seconds")

func TestEveryProbeGivesAFigure(t *testing.T) {
	t.Cleanup(func() { require.NoError(t, removeBuilt()) })
	slow := []string{"failover-hung", "failover-supervisor"}
	for _, c := range allCases() {
		if c.probe == nil || slices.Contains(slow, c.name) && !*long {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			r, err := c.measure(minWindow)
			require.NoError(t, err)
			require.Positive(t, r.Value)
			require.Zero(t, r.Limit)
			require.NotEmpty(t, r.notes)
		})
	}
}

// Tuples that a dead process has told of are no sign of life, and one that comes late is no steady flow.
func TestGapEndsWithASteadyFlowOfAnother(t *testing.T) {
	began := time.Now()
	a := make(arrivals, 16)
	arrive := func(pid int, at time.Duration) { a <- arrival{began.Add(at), pid} }
	arrive(1, 5*time.Millisecond)
	arrive(1, 20*time.Millisecond)
	arrive(2, 220*time.Millisecond) // flows again
	arrive(2, 920*time.Millisecond)
	arrive(2, 1300*time.Millisecond)
	arrive(2, 9*time.Second) // too late to be of the fault
	gap, err := a.gap(t.Context(), arrival{began, 1})
	require.NoError(t, err)
	require.Equal(t, 700*time.Millisecond, gap)
	require.Len(t, a, 1)
}

func TestNoArrivalIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := make(arrivals).gap(ctx, arrival{})
	require.ErrorContains(t, err, "no tuple arrives")
}

// fakeLoad ends as it is told to; it is no stand-in for a topology, but for faults of one.
type fakeLoad struct {
	works bool
	early bool
	err   error
}

func (f fakeLoad) run(ctx context.Context) error {
	if !f.early {
		<-ctx.Done()
	}
	return f.err
}

func (f fakeLoad) done() int64 {
	if !f.works {
		return 0
	}
	return time.Now().UnixNano()
}

func (fakeLoad) latency() percentiles { return percentiles{} }
func (fakeLoad) note() string         { return "" }

// A load that fails, stops early or does nothing must not give a figure.
func TestNoFigureWithoutWork(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		load fakeLoad
		want error
	}{
		{fakeLoad{}, errNothing},
		{fakeLoad{works: true, err: broken}, broken},
		{fakeLoad{works: true, early: true}, errEarly},
		{fakeLoad{early: true, err: broken}, broken},
	} {
		b := benchCase{metric: perSecond, limit: func(plan) (load, error) { return c.load, nil }}
		_, err := b.measure(time.Millisecond)
		require.ErrorIs(t, err, c.want)
		require.ErrorContains(t, err, "limit")
	}
}

// What the runtime says it did must be what the components saw.
func TestMiscountIsAnError(t *testing.T) {
	for _, c := range []struct {
		spoil func(*onGale)
		says  string
	}{
		{func(g *onGale) { g.own = func() (int64, int64) { return -1, 0 } }, "const counted -1, the runtime"},
		{func(g *onGale) {
			own := g.own
			g.own = func() (int64, int64) { n, _ := own(); return n, 3 }
		}, "3 tuple trees failed"},
	} {
		l, err := constShape{acked: true}.gale(plan{})
		require.NoError(t, err)
		c.spoil(l.(*onGale))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		require.ErrorContains(t, l.run(ctx), c.says)
	}
}
