package chaos

import (
	"testing"

	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestTallyWhoseLogIsTrimmed has so much be staged that snapshots are stored and the log is trimmed, and then kills a worker: states are made again of both.
func TestTallyWhoseLogIsTrimmed(t *testing.T) {
	if !*long {
		t.Skip("until snapshots are due takes a minute: it runs with -long")
	}
	random, seed := newRandom(t)
	t.Logf("seed %d", seed)
	g := keep(t, rig.Options{Supervisors: 2}, tally{Workers: 2, Tasks: 2, Build: heavyTally})
	for range 3 {
		floor := g.floor()
		for range 100 {
			if g.witness.awaitCommits(100); g.floor() > floor {
				break
			}
		}
		require.Greater(t, g.floor(), floor, "the log is not trimmed")
		pid := g.killWorker(random, nil)
		g.awaitHealthy(map[int]bool{pid: true})
		g.flows()
	}
	t.Logf("the log begins at %d", g.floor())
	g.settle()
}

// floor is the sequence that the log begins with.
func (g *ledger) floor() uint64 {
	g.t.Helper()
	first, _, err := g.witness.log.Bounds(g.t.Context())
	require.NoError(g.t, err)
	return first
}
