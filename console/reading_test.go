package console

import (
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

func names(rs []reading) (names []string) {
	for _, r := range rs {
		names = append(names, r.Component)
	}
	return names
}

func TestReadingsFollowTheFlow(t *testing.T) {
	s := sample(time.Second, 1000)
	require.Equal(t, []string{"words", "split", "audit-of-everything-unusual", "count"}, names(readings(&s, &s)))
}

// spout -> b, but also spout -> c -> a -> b.
func TestReadingsFollowTheLongestPath(t *testing.T) {
	s := worker.Snapshot{Edges: []worker.EdgeSnapshot{{From: 3, To: "b"}, {From: 1, To: "b"}, {From: 4, To: "a"}, {From: 3, To: "c"}}}
	for i, c := range []string{"a", "b", "spout", "c"} {
		s.Tasks = append(s.Tasks, worker.TaskSnapshot{Task: topology.TaskID(i + 1), Component: c, Spout: c == "spout"})
	}
	require.Equal(t, []string{"spout", "c", "a", "b"}, names(readings(&s, &s)))
}

func TestReadingsOfAnInterval(t *testing.T) {
	before, now := sample(10*time.Second, 1000), sample(12*time.Second, 3000)
	now.Tasks[1].IdleNanos, now.Tasks[1].BlockedNanos = before.Tasks[1].IdleNanos+int64(time.Second/2), before.Tasks[1].BlockedNanos+int64(time.Second/2)
	now.Tasks[2].IdleNanos = before.Tasks[2].IdleNanos
	rs := readings(&now, &before)
	require.Equal(t, 2*time.Second, rs[0].elapsed)
	require.InDelta(t, 1000, rs[0].rate, 1e-9) // the spout: emitted
	require.InDelta(t, 1000, rs[1].rate, 1e-9) // split: executed, though it emits 8 times as many
	require.InDelta(t, 8000, rs[3].rate, 1e-9) // count: both tasks
	require.InDelta(t, 1, rs[1].busy, 1e-9)
	require.InDelta(t, 0.75, rs[3].busy, 1e-9) // one half, one whole
}

func TestReadingsSinceTheStart(t *testing.T) {
	now := sample(10*time.Second, 1000)
	rs := readings(&now, &worker.Snapshot{})
	require.InDelta(t, 100, rs[0].rate, 1e-9)
	require.InDelta(t, 0.5, rs[0].busy, 1e-9)
}

// A task that slept through many intervals says so when it wakes.
func TestReadingsOfALongSleep(t *testing.T) {
	before, now := sample(10*time.Second, 1000), sample(11*time.Second, 1000)
	now.Tasks[1].IdleNanos = before.Tasks[1].IdleNanos + int64(9*time.Second)
	now.Tasks[2].Counts = before.Tasks[2].Counts
	require.InDelta(t, 0.5, readings(&now, &before)[3].busy, 1e-9)
}

func TestReadingsOfNoTime(t *testing.T) {
	s := sample(10*time.Second, 1000)
	for _, r := range readings(&s, &s) {
		require.Zero(t, r.elapsed)
		require.Zero(t, r.rate)
		require.Zero(t, r.busy)
	}
}
