package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryCaseGivesAFigure(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			r, err := c.measure(100 * time.Millisecond)
			require.NoError(t, err)
			require.Positive(t, r.Value)
			require.Positive(t, r.Limit)
			require.Positive(t, r.Ratio)
			require.Positive(t, r.CPUPerMillion)
			require.Positive(t, r.P50)
			require.LessOrEqual(t, r.P50, r.P99)
			require.LessOrEqual(t, r.P99, r.P999)
			if strings.HasPrefix(c.name, "const-") {
				require.Less(t, r.AllocsPerTuple, maxAllocs)
			}
		})
	}
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
