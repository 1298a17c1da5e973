package chaos

import (
	"testing"
	"time"

	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR03BounceOfTheClustersNATS restarts the server that links, beats and records go through. What was on its way is sent again:
// nothing is lost, and nothing comes twice.
func TestR03BounceOfTheClustersNATS(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	before := s.workers()
	s.bounce(s.cluster.NATS)
	require.Equal(t, before, s.workers(), "the workers live through it")
	s.settle(0)
}

// TestR03BounceOfTheStreamsNATS restarts the server that has the users' streams.
func TestR03BounceOfTheStreamsNATS(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	before := s.workers()
	bounces := s.bounce(s.streams)
	require.Equal(t, before, s.workers(), "the workers live through it")
	s.arrive()
	s.judge(bounces * s.load.held()) // a server that is killed does not know all that it had given out
}

// bounce stops and kills the server and starts it again on the same port, and returns how often it was down.
func (s *scene) bounce(server *rig.Server) (times int) {
	s.t.Helper()
	rounds, away := 1, time.Second
	if *long {
		rounds, away = 5, 5*time.Second
	}
	for range rounds {
		for _, end := range []func(){server.Stop, server.Kill} {
			end()
			time.Sleep(away) // the fault is one of time
			back := time.Now()
			server.Restart()
			s.oracle.AwaitMore(2 * feedRate)
			s.feedFlows()
			pause, after := s.oracle.Pause(back)
			s.t.Logf("%s: back after %v, the longest pause from then on was %v, begun %v after", server, away, pause.Round(time.Millisecond), after.Round(time.Millisecond))
			if *long {
				require.LessOrEqual(s.t, pause, 5*time.Second, "until clients resume")
			}
			times++
		}
	}
	return times
}

// feedFlows waits until the results are no more than a moment behind the feed.
func (s *scene) feedFlows() {
	s.t.Helper()
	n := s.feed.Last()
	s.oracle.Await(n)
}

// workers returns the process of each worker.
func (s *scene) workers() map[string]int {
	s.t.Helper()
	s.awaitHealthy(nil)
	pids := map[string]int{}
	for _, w := range s.describe().Workers {
		pids[w.ID] = w.PID
	}
	return pids
}
