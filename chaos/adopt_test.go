package chaos

import (
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestSupervisorRestartAdoptsWorkers stops and kills each supervisor and starts it again while records flow: its workers run on, and
// are its own again. That they are shows when one is killed.
func TestSupervisorRestartAdoptsWorkers(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	before := s.workers()
	for _, v := range s.cluster.Supervisors {
		for _, end := range []func(){v.Stop, v.Kill} {
			end()
			s.oracle.AwaitMore(feedRate / 2)
			v.Restart()
			s.oracle.AwaitMore(feedRate / 2)
			s.feedFlows()
		}
	}
	require.Equal(t, before, s.workers(), "the workers live through it")
	require.Zero(t, s.oracle.Verdict(s.feed.Last()).Duplicates, "nothing has failed")

	dead := map[int]bool{}
	for _, pid := range before {
		begun := time.Now()
		rig.Signal(t, -pid, syscall.SIGKILL)
		dead[pid] = true
		s.awaitHealthy(dead)
		t.Logf("a worker that was adopted was started again %v after it was killed", time.Since(begun).Round(time.Millisecond))
	}
	s.settle(len(dead))
}

// TestWorkerKilledWithoutItsSupervisor kills a worker while its supervisor is away, which finds it dead when it is back.
func TestWorkerKilledWithoutItsSupervisor(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	w := s.topology.Workers[0]
	v := s.cluster.Supervisor(w.Supervisor)
	v.Kill()
	rig.Signal(t, -w.PID, syscall.SIGKILL)
	begun := time.Now()
	v.Restart()
	s.awaitHealthy(map[int]bool{w.PID: true})
	t.Logf("the worker runs again %v after its supervisor was started", time.Since(begun).Round(time.Millisecond))
	require.Equal(t, w.ID, s.describe().Workers[0].ID, "the worker is the same, in its next life")
	s.settle(1)
}
