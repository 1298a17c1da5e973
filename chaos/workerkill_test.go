package chaos

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR01WorkerKillStorm kills workers one after the other, at random times.
func TestR01WorkerKillStorm(t *testing.T) {
	kills, within := 3, 2*time.Second
	if *long {
		kills, within = 20, 6*time.Second
	}
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 3, Tasks: 3})
	random, seed := newRandom(t)
	t.Logf("seed %d", seed)
	first, last := time.Now(), time.Time{}
	dead := map[int]bool{}
	for range kills {
		time.Sleep(time.Duration(random.Int64N(int64(within)))) // the fault is one of time
		dead[s.killWorker(random, dead)] = true
		last = time.Now()
	}
	s.awaitHealthy(dead)
	t.Logf("all workers run %v after the last kill", time.Since(last).Round(time.Millisecond))
	if *long {
		require.Less(t, time.Since(last), 10*time.Second, "until all workers run again")
	}
	s.settle(kills)
	pause, after := s.oracle.Pause(first)
	t.Logf("the longest pause was %v, %v after the first kill was due", pause.Round(time.Millisecond), after.Round(time.Millisecond))
}

// killWorker kills a worker that runs, with all that is in its group, and returns which process it was.
func (s *scene) killWorker(random *rand.Rand, dead map[int]bool) (pid int) {
	s.t.Helper()
	var all []int
	rig.Await(s.t, "a worker has a process", func() bool {
		all = nil
		for _, w := range s.describe().Workers {
			if w.PID != 0 && w.State == "running" && !dead[w.PID] {
				all = append(all, w.PID)
			}
		}
		return len(all) > 0
	})
	pid = all[random.IntN(len(all))]
	rig.Signal(s.t, -pid, syscall.SIGKILL)
	return pid
}
