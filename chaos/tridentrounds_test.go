package chaos

import (
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestTallyWithoutFaults has all come out right when nothing happens.
func TestTallyWithoutFaults(t *testing.T) {
	g := keep(t, rig.Options{Supervisors: 1}, tally{Workers: 1, Tasks: 3})
	g.witness.awaitCommits(100)
	g.settle()
}

// TestR02ExactlyOnceRounds has a tally grow from one worker to three, and then in each round kills a worker, or stops the whole topology and begins it anew.
func TestR02ExactlyOnceRounds(t *testing.T) {
	rounds := 3
	if *long {
		rounds = 20
	}
	g := keep(t, rig.Options{Supervisors: 2}, tally{Workers: 1, Tasks: 3})
	for _, workers := range []int{2, 3} {
		g.workersBecome(workers)
	}
	random, seed := newRandom(t)
	t.Logf("seed %d", seed)
	for range rounds {
		pid := g.killWorker(random, nil)
		g.awaitHealthy(map[int]bool{pid: true})
		g.flows()
	}
	for range rounds {
		g.kill(5 * time.Second)
		g.topology = g.cluster.Submit(g.tally.submission(t))
		g.flows()
	}
	g.settle()
}

// workersBecome changes the number of workers.
func (g *ledger) workersBecome(workers int) {
	g.t.Helper()
	r, err := g.cluster.Client.Rebalance(g.t.Context(), cluster.RebalanceRequest{Name: g.tally.Name, Workers: workers})
	require.NoError(g.t, err)
	g.cluster.AwaitRunning(g.tally.Name, r.Generation)
	g.tally.Workers = workers
	g.flows()
}

// flows waits until what the stream has now is committed, and some batches more.
func (g *ledger) flows() {
	g.t.Helper()
	begun := time.Now()
	g.feedFlows()
	g.witness.awaitCommits(10)
	g.t.Logf("all that was there is committed, and ten batches more, after %v", time.Since(begun).Round(time.Millisecond))
}
