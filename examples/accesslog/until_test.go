package main

import (
	"context"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/stretchr/testify/require"
)

// numbers is an endless spout: a number a second, and again what failed.
type numbers struct {
	tc     *topology.Context
	next   time.Time
	n      int
	failed []any
}

func (s *numbers) Open(_ context.Context, tc *topology.Context) error {
	s.tc, s.next = tc, tc.Now()
	return nil
}

func (s *numbers) Next(_ context.Context, out *topology.SpoutCollector) error {
	if len(s.failed) > 0 {
		id := s.failed[0]
		s.failed = s.failed[1:]
		out.EmitID(id, id.(int))
		return nil
	}
	if s.tc.Now().Before(s.next) {
		return nil
	}
	out.EmitID(s.n, s.n)
	s.n++
	s.next = s.next.Add(time.Second)
	return nil
}

func (s *numbers) Ack(any)              {}
func (s *numbers) Fail(id any, _ error) { s.failed = append(s.failed, id) }
func (s *numbers) Close() error         { return nil }
func newNumbers() topology.Spout        { return &numbers{} }

// forgetful is a bolt with manual acking that leaves each tuple unsettled the first time.
type forgetful struct{ seen map[int64]bool }

func (f *forgetful) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	if n := t.Int("n"); !f.seen[n] {
		f.seen[n] = true
		return nil
	}
	out.Ack(t)
	return nil
}

func TestUntilEndsAfterItsTime(t *testing.T) {
	b := topology.NewBuilder("until")
	b.Spout("numbers", ending(2500*time.Millisecond, newNumbers)).Emits("n")
	b.Bolt("sink", topology.BoltFunc(func(context.Context, *topology.Tuple, *topology.Collector) error { return nil })).Shuffle("numbers")
	h := topologytest.New(t, b)
	start := h.Now()
	h.Run()
	require.Equal(t, [][]any{{int64(0)}, {int64(1)}, {int64(2)}}, h.Values("numbers", ""))
	require.InDelta(t, 2.5, h.Now().Sub(start).Seconds(), 0.2, "it looks each 100 ms at least")
}

func TestUntilEmitsAgainWhatFailsAfterItsTime(t *testing.T) {
	b := topology.NewBuilder("until")
	b.Spout("numbers", ending(2500*time.Millisecond, newNumbers)).Emits("n")
	b.Bolt("forgetful", func() topology.Bolt { return &forgetful{map[int64]bool{}} }).ManualAck().Shuffle("numbers")
	h := topologytest.New(t, b, topologytest.MessageTimeout(10*time.Second)).Run()
	done := map[any]int{}
	for _, tree := range h.Trees("numbers") {
		if tree.Cause == nil {
			done[tree.ID]++
		} else {
			require.ErrorIs(t, tree.Cause, topology.ErrTimeout)
		}
	}
	for id := range 3 {
		require.Equal(t, 1, done[id], "number %d", id)
	}
}

func TestWithoutATimeTheSpoutStaysAsItIs(t *testing.T) {
	require.IsType(t, &numbers{}, ending(0, newNumbers)())
}
