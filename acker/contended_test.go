package acker

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// together calls f from several goroutines that begin at the same time.
func together(f func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(racers)
	for i := range racers {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			f(i)
		})
	}
	done.Wait()
}

// TestContendedAcksAreAllApplied acks the many edges of one tree from all sides with nothing in
// between: an ack that was overwritten by another would leave the tree open. Each edge is made
// and acked again in many rounds, so that the goroutines interrupt each other on one core too;
// one more edge keeps the tree open between the rounds.
func TestContendedAcksAreAllApplied(t *testing.T) {
	const edges, rounds = 20_000, 2*100 + 1
	r := rand.New(rand.NewPCG(testSeed(t), 0))
	var all [racers][edges]uint64
	var xor uint64
	for i := range all {
		for j := range all[i] {
			all[i][j] = nonZeroEdge(r)
			xor ^= all[i][j]
		}
	}
	l := New(1, 1, SinceProgress, 0)
	root := l.Open("id", 0, 0)
	last := nonZeroEdge(r)
	require.False(t, l.Arm(root, xor^last))
	var completed, refused atomic.Int64
	together(func(i int) {
		for j := range rounds * edges {
			complete, ok := l.Apply(root, all[i][j%edges], uint32(j))
			if complete {
				completed.Add(1)
			}
			if !ok {
				refused.Add(1)
			}
		}
	})
	require.Zero(t, completed.Load())
	require.Zero(t, refused.Load())
	complete, _ := l.Apply(root, last, 0)
	require.True(t, complete)
	require.Empty(t, l.Expire(rounds*edges, 2, nil), "the last tick that was seen is %d", rounds*edges-1)
}

// TestContendedFailIsFirstOnce fails trees from all sides at the same time.
func TestContendedFailIsFirstOnce(t *testing.T) {
	const trees = 50_000
	l := New(1, trees, SinceEmit, 0)
	roots := make([]RootID, trees)
	for i := range roots {
		roots[i] = l.Open(nil, 0, 0)
		l.Arm(roots[i], 1)
	}
	first := make([]atomic.Int32, trees)
	together(func(int) {
		for i, root := range roots {
			if l.Fail(root) {
				first[i].Add(1)
			}
		}
	})
	for i := range first {
		require.EqualValues(t, 1, first[i].Load(), "%v", roots[i])
	}
}
