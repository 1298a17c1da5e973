package chaos

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/trident"
)

// TestTallyUnderKills kills one thing after the other, each at a random moment of so many batches.
func TestTallyUnderKills(t *testing.T) {
	for _, c := range []struct {
		name string
		kill func(g *ledger, random *rand.Rand)
	}{
		{"the worker of the coordinator", func(g *ledger, _ *rand.Rand) { g.killWorkerOf(true) }},
		{"a worker of state", func(g *ledger, _ *rand.Rand) { g.killWorkerOf(false) }},
		{"the leading Nimbus", func(g *ledger, _ *rand.Rand) { g.killAndRestart(g.cluster.AwaitLeader(nil).Process) }},
		{"the server of the log", func(g *ledger, random *rand.Rand) { g.bounceServer(g.cluster.NATS, random) }},
		{"the server of the streams", func(g *ledger, random *rand.Rand) { g.bounceServer(g.streams, random) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			kills, batches := 3, 20
			if *long {
				kills, batches = 25, 100
			}
			random, seed := newRandom(t)
			t.Logf("seed %d", seed)
			g := keep(t, rig.Options{Supervisors: 2}, tally{Workers: 3, Tasks: 3})
			for range kills {
				g.atRandom(random, batches)
				begun := time.Now()
				c.kill(g, random)
				g.flows()
				pause, after := g.oracle.Pause(begun)
				t.Logf("the longest pause of the results was %v, begun %v after the kill", pause.Round(time.Millisecond), after.Round(time.Millisecond))
			}
			g.settle()
		})
	}
}

// atRandom waits for a random moment of so many batches.
func (g *ledger) atRandom(random *rand.Rand, batches int) {
	g.t.Helper()
	g.witness.awaitCommits(random.IntN(batches))
	time.Sleep(time.Duration(random.Int64N(int64(20 * time.Millisecond)))) // the fault is one of time: a batch takes less
}

// workerOf returns a worker that runs: the coordinator's, or one that has partitions of states, and not the coordinator.
func (g *ledger) workerOf(coordinator bool) (found cluster.WorkerStatus) {
	g.t.Helper()
	rig.Await(g.t, "a worker to be harmed runs", func() bool {
		for _, w := range g.describe().Workers {
			if w.PID != 0 && w.State == "running" && (w.Tasks[trident.Coordinator] > 0) == coordinator && w.Tasks[tallyStates[0]] > 0 {
				found = w
				return true
			}
		}
		return false
	})
	return found
}

func (g *ledger) killWorkerOf(coordinator bool) {
	g.t.Helper()
	w := g.workerOf(coordinator)
	rig.Signal(g.t, -w.PID, syscall.SIGKILL)
	g.awaitHealthy(map[int]bool{w.PID: true})
}

func (g *ledger) killAndRestart(p *rig.Process) {
	g.t.Helper()
	p.Kill()
	g.witness.awaitCommits(10)
	p.Restart()
}

// bounceServer kills a server, and starts it again after a while.
func (g *ledger) bounceServer(s *rig.Server, random *rand.Rand) {
	g.t.Helper()
	s.Kill()
	time.Sleep(time.Duration(random.Int64N(int64(time.Second)))) // the fault is one of time
	s.Restart()
}
