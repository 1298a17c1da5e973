package chaos

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR17RescaleUnderLoad has one worker become four, and these two, while records flow: nothing is lost, and nothing comes twice.
func TestR17RescaleUnderLoad(t *testing.T) {
	rounds := 1
	if *long {
		rounds = 5
	}
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 1, Tasks: 1})
	for range rounds {
		s.rescale(4, 4)
		s.rescale(2, 2)
	}
	s.settle(0)
}

// rescale changes the number of workers and of the tasks of each component.
func (s *scene) rescale(workers, tasks int) {
	s.t.Helper()
	parallelism := map[string]int{}
	for c := range s.describe().Parallelism {
		parallelism[c] = tasks
	}
	s.change(func() int {
		r, err := s.cluster.Client.Rebalance(s.t.Context(), cluster.RebalanceRequest{Name: s.load.Name, Workers: workers, Parallelism: parallelism})
		require.NoError(s.t, err)
		return r.Generation
	})
	d := s.describe()
	require.Equal(s.t, workers, d.Running)
	require.Equal(s.t, parallelism, d.Parallelism)
}

// change waits until the generation that is returned runs and records flow, and returns how long the results paused.
func (s *scene) change(begin func() (generation int)) (pause time.Duration) {
	s.t.Helper()
	begun := time.Now()
	s.cluster.AwaitRunning(s.load.Name, begin())
	took := time.Since(begun)
	s.feedFlows()
	pause, after := s.oracle.Pause(begun)
	s.t.Logf("generation %d runs after %v, the longest pause was %v, %v after the request",
		s.describe().Generation, took.Round(time.Millisecond), pause.Round(time.Millisecond), after.Round(time.Millisecond))
	if *long {
		require.LessOrEqual(s.t, pause, 2*time.Second, "the pause of the results")
	}
	return pause
}

// TestReplaceUnderLoad swaps the program while records flow; then one that does not come up, which changes nothing.
func TestReplaceUnderLoad(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	digest := s.topology.Digest
	s.change(func() int { return s.replace(s.load) })
	require.NotEqual(t, digest, s.describe().Digest)

	before, digest := s.workers(), s.describe().Digest
	broken := s.load
	broken.Broken = true
	s.awaitRefused(s.replace(broken))
	require.Equal(t, before, s.workers(), "the workers of the program that works")
	require.Equal(t, digest, s.describe().Digest)
	s.feedFlows()
	s.settle(0)
}

// replace submits the load again with another program, and returns the generation that is to be.
func (s *scene) replace(l load) int {
	s.t.Helper()
	submission := l.submission(s.t)
	submission.Replace = true
	submission.Program.Path = otherProgram(s.t)
	for k, v := range s.rig.Env() {
		submission.Program.Env[k] = v
	}
	r, err := s.cluster.Client.Submit(s.t.Context(), submission)
	require.NoError(s.t, err)
	return r.Generation
}

// otherProgram returns a program that does the same, but whose bytes are others: those that come after the end of what is loaded.
func otherProgram(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(file, append(text, t.TempDir()...), 0o700))
	return file
}

// awaitRefused waits until the generation is given up, which did not come up.
func (s *scene) awaitRefused(generation int) {
	s.t.Helper()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(s.t.Context(), rig.Patience)
	defer cancel()
	_, err := s.cluster.Client.WaitRunning(ctx, s.load.Name, generation, nil)
	require.Equal(s.t, cluster.Invalid, cluster.CodeOf(err), "%v", err)
	s.t.Logf("gone back after %v: %v", time.Since(begun).Round(time.Millisecond), err)
}

// TestWorkerKilledDuringASwap kills a worker of each generation while the one takes the other's place.
func TestWorkerKilledDuringASwap(t *testing.T) {
	for _, c := range []struct {
		name  string
		slow  bool // squares take so long that a drain does, too
		which func(w cluster.WorkerStatus, running int) bool
	}{
		{"of the old", false, func(w cluster.WorkerStatus, running int) bool { return w.Generation == running }},
		{"of the old as it drains", true, func(w cluster.WorkerStatus, running int) bool {
			return w.Generation == running && w.Phase == cluster.Draining
		}},
		{"of the new", false, func(w cluster.WorkerStatus, running int) bool { return w.Generation != running }},
	} {
		t.Run(c.name, func(t *testing.T) {
			brake := filepath.Join(t.TempDir(), "brake")
			s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2, extras: extras{Brake: brake, MaxPending: 50}})
			if c.slow {
				require.NoError(t, os.WriteFile(brake, nil, 0o600))
				rig.Await(t, "much is pending", func() bool { return s.component("numbers").Pending > 50 })
			}
			pause := s.change(func() int {
				generation := s.killDuringSwap(c.which)
				require.NoError(t, os.RemoveAll(brake))
				return generation
			})
			require.Less(t, pause, 8*time.Second, "the drain has waited in vain for what the worker held")
			s.settle(1)
		})
	}
}

func (s *scene) spread() (generation int) {
	s.t.Helper()
	r, err := s.cluster.Client.Rebalance(s.t.Context(), cluster.RebalanceRequest{Name: s.load.Name, Spread: true})
	require.NoError(s.t, err)
	return r.Generation
}

// killDuringSwap begins a swap and kills a worker while those of two generations are there. A swap may be over before one was
// found; then there is another one.
func (s *scene) killDuringSwap(which func(w cluster.WorkerStatus, running int) bool) (generation int) {
	s.t.Helper()
	for range 10 {
		generation, killed := s.spread(), false
		rig.Await(s.t, "a worker is killed, or the swap is over", func() bool {
			d := s.describe()
			killed = slices.ContainsFunc(d.Workers, func(w cluster.WorkerStatus) bool {
				return w.PID != 0 && which(w, d.Generation) && syscall.Kill(-w.PID, syscall.SIGKILL) == nil
			})
			return killed || d.Generation == generation
		})
		if killed {
			return generation
		}
		s.cluster.AwaitRunning(s.load.Name, generation)
	}
	s.t.Fatal("of ten swaps, none lasted until a worker was found to be killed")
	return 0
}
