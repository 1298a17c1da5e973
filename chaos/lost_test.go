package chaos

import (
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/internal/faultproxy"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR06LostSupervisor kills a supervisor with its workers, as a machine that loses its power does.
func TestR06LostSupervisor(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 3}, load{Workers: 3, Tasks: 3})
	lost := s.cluster.Supervisor(s.topology.Workers[0].Supervisor)
	before := s.on(lost)
	begun := time.Now()
	lost.Kill()
	for _, pid := range before {
		rig.Signal(t, -pid, syscall.SIGKILL)
	}
	s.awaitMoved(lost, begun)
	s.settle(1)
	pause, after := s.oracle.Pause(begun)
	t.Logf("the longest pause was %v, %v after", pause.Round(time.Millisecond), after.Round(time.Millisecond))
}

// TestR06Partition cuts a supervisor and its workers off from the cluster's NATS, while they still reach the users' streams: they
// run on, and others take their place. Each is a fault at the start, and one when it is healed. In the second, the workers are back before their
// supervisor, which would stop them: what they then send to those whose peers they were must be refused.
func TestR06Partition(t *testing.T) {
	cuts := []struct {
		name  string
		way   faultproxy.Direction
		alone bool // the workers are healed without their supervisor
	}{{"nothing from it arrives", faultproxy.ToServer, false}, {"nothing arrives there", faultproxy.ToClient, true}, {"both ways", faultproxy.Both, false}}
	if !*long {
		cuts = cuts[1:2]
	}
	s := play(t, rig.Options{Supervisors: 3, Proxied: true}, load{Workers: 3, Tasks: 3})
	for _, cut := range cuts {
		t.Log(cut.name)
		s.partition(cut.way, cut.alone)
	}
	s.settle(2 * len(cuts))
}

func (s *scene) partition(way faultproxy.Direction, alone bool) {
	s.t.Helper()
	lost := s.cluster.Supervisor(s.describe().Workers[0].Supervisor)
	before := s.on(lost)
	require.NotEmpty(s.t, before)
	begun := time.Now()
	lost.Proxy.Set(way, faultproxy.Faults{Drop: true})
	s.awaitMoved(lost, begun)
	require.Positive(s.t, lost.Proxy.Vanished(), "the partition has had no effect")
	if *long {
		time.Sleep(time.Until(begun.Add(20 * time.Second))) // the fault is one of time
	}
	if alone {
		lost.Pause()
		defer lost.Resume()
	}
	refused, healed := s.refused(), time.Now()
	lost.Proxy.Heal()
	s.awaitEnded(before)
	if alone {
		s.awaitRefusal(refused)
		lost.Resume()
	}
	s.t.Logf("the workers that were replaced ended %v after the partition was healed", time.Since(healed).Round(time.Millisecond))
	if *long {
		require.LessOrEqual(s.t, time.Since(healed), 5*time.Second, "two workers ran the same tasks")
	}
	s.cluster.AwaitSupervisors(len(s.cluster.Supervisors))
	s.feedFlows()
}

// refused returns how many frames each worker has refused because they came from no peer.
func (s *scene) refused() map[string]int64 {
	s.t.Helper()
	all := map[string]int64{}
	for _, r := range s.describe().Reports {
		all[r.Worker] = r.Refused
	}
	return all
}

// awaitRefusal waits until a worker that was there before has refused more of them.
func (s *scene) awaitRefusal(before map[string]int64) {
	s.t.Helper()
	rig.Await(s.t, "frames of the workers that were replaced are refused", func() bool {
		for id, n := range s.refused() {
			if old, ok := before[id]; ok && n > old {
				s.t.Logf("worker %s has refused %d frames of them", id, n-old)
				return true
			}
		}
		return false
	})
}

// on returns the processes of the workers that a supervisor has.
func (s *scene) on(d *rig.Daemon) (pids []int) {
	s.t.Helper()
	s.awaitHealthy(nil)
	for _, w := range s.describe().Workers {
		if w.Supervisor == d.ID {
			pids = append(pids, w.PID)
		}
	}
	return pids
}

// awaitMoved waits until all workers run, none of them on the supervisor.
func (s *scene) awaitMoved(lost *rig.Daemon, begun time.Time) {
	s.t.Helper()
	rig.Await(s.t, "others have taken the place of the workers on "+lost.ID, func() bool {
		d := s.describe()
		for _, w := range d.Workers {
			if w.Supervisor == lost.ID {
				return false
			}
		}
		return d.Running == d.Summary.Workers
	})
	s.t.Logf("its workers run elsewhere after %v", time.Since(begun).Round(time.Millisecond))
	if *long {
		require.LessOrEqual(s.t, time.Since(begun), 10*time.Second, "until its workers run elsewhere")
	}
}

// awaitEnded waits until the processes have ended.
func (s *scene) awaitEnded(pids []int) {
	s.t.Helper()
	rig.Await(s.t, "the workers that were replaced have ended", func() bool {
		for _, pid := range s.rig.PIDs() {
			for _, old := range pids {
				if pid == old {
					return false
				}
			}
		}
		return true
	})
}
