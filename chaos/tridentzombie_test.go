package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
)

// TestTallyZombieCoordinator stops the one worker of a tally until another has taken its place and committed, and lets it go on. It has batches under
// way, all in one process: what it stages and commits is refused, until it finds that it has been replaced, by the log or by Nimbus' records.
func TestTallyZombieCoordinator(t *testing.T) {
	g := keep(t, rig.Options{Supervisors: 2}, tally{Workers: 1, Tasks: 3})
	rounds := 1
	if *long {
		rounds = 10
	}
	for range rounds {
		g.haunt(true, func(zombie cluster.WorkerStatus, _ map[string]int64) {
			log := filepath.Join(g.cluster.Supervisor(zombie.Supervisor).Data, "workers", zombie.ID, "worker.log")
			rig.Await(t, "the zombie says that it has been replaced", func() bool {
				text, _ := os.ReadFile(log) //nolint:errcheck // it is there, or the wait is in vain
				return strings.Contains(string(text), "another coordinator") || strings.Contains(string(text), "no place in the topology any more")
			})
		})
	}
	g.settle()
}

// TestTallyZombiePartition does the same to a worker that has partitions of states, and whose coordinator lives elsewhere.
func TestTallyZombiePartition(t *testing.T) {
	g := keep(t, rig.Options{Supervisors: 3}, tally{Workers: 3, Tasks: 3})
	rounds := 1
	if *long {
		rounds = 10
	}
	for range rounds {
		g.haunt(false, func(_ cluster.WorkerStatus, before map[string]int64) { g.awaitRefusal(before) })
	}
	g.settle()
}

// haunt stops a worker, with its supervisor, which would kill it, until another has taken its place and committed; and then lets the worker
// go on until it is refused, and its supervisor. What it writes meanwhile the witness sees.
func (g *ledger) haunt(coordinator bool, refused func(zombie cluster.WorkerStatus, before map[string]int64)) {
	g.t.Helper()
	g.awaitHealthy(nil)
	zombie := g.workerOf(coordinator)
	host := g.cluster.Supervisor(zombie.Supervisor)
	var others []int // that live on the host, and are moved, too
	for _, w := range g.describe().Workers {
		if w.Supervisor == zombie.Supervisor && w.PID != zombie.PID {
			others = append(others, w.PID)
		}
	}
	host.Pause()
	rig.Signal(g.t, -zombie.PID, syscall.SIGSTOP)
	begun := time.Now()
	g.awaitMoved(host, begun)
	g.flows()
	before := g.refused()
	rig.Signal(g.t, -zombie.PID, syscall.SIGCONT)
	refused(zombie, before)
	g.flows()
	host.Resume()
	g.awaitEnded(append(others, zombie.PID))
	g.cluster.AwaitSupervisors(len(g.cluster.Supervisors))
	g.flows()
}
