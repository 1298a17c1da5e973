package chaos

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR05ZombieNimbus stops the leading Nimbus, has the other one lead, and lets the first go on: it finds in its hands what it was
// asked before, and must not do it any more. In every other round it goes on as soon as another leads, with its connection still alive; else
// the other acts meanwhile, until NATS has given the zombie up.
func TestR05ZombieNimbus(t *testing.T) {
	rounds := 2
	if *long {
		rounds = 50
	}
	s := play(t, rig.Options{Nimbuses: 2, Supervisors: 2}, load{Workers: 2, Tasks: 2})
	epochs := s.cluster.WatchEpochs()
	rig.Await(t, "the first epoch is seen", func() bool { return len(epochs.Leaders()) == 1 })
	for i := range rounds {
		leader, paused := s.pauseLeader(epochs)
		if i%2 == 1 {
			s.cluster.AwaitLeader(leader) // the answer may take longer: the zombie gets requests, too
			s.rebalance()
			time.Sleep(time.Until(paused.Add(3 * cluster.LeaseTTL))) // the fault is one of time
		}
		leader.Resume()
		s.oracle.AwaitMore(2 * feedRate)
		require.Equal(t, cluster.Active, s.describe().Status, "what the zombie was asked came true")
		require.Empty(t, epochs.Stale(), "writes of a leader that was replaced")
	}
	require.GreaterOrEqual(t, len(epochs.Leaders()), rounds+1, "epochs that were begun")
	t.Logf("%d writes in %d epochs", epochs.Writes(), len(epochs.Leaders()))
	s.settle(0)
}

// pauseLeader stops the leader and gives it work, which waits in its socket: nobody else takes requests yet. It returns when another leads.
func (s *scene) pauseLeader(epochs *rig.Epochs) (leader *rig.Daemon, paused time.Time) {
	s.t.Helper()
	leader = s.cluster.AwaitLeader(nil)
	nc, err := cluster.Connect(s.cluster.Admin, "chaos", nil)
	require.NoError(s.t, err)
	defer nc.Close()
	before := len(epochs.Leaders())
	leader.Pause()
	paused = time.Now()
	kill, err := json.Marshal(cluster.KillRequest{Name: s.load.Name, Wait: -1})
	require.NoError(s.t, err)
	require.NoError(s.t, nc.PublishRequest(cluster.APISubject(cluster.VerbKill), nc.NewInbox(), kill))
	require.NoError(s.t, nc.FlushTimeout(rig.Patience))
	rig.Await(s.t, "another Nimbus leads", func() bool { return len(epochs.Leaders()) > before })
	next := epochs.Leaders()[before]
	took := next.Begun.Sub(paused)
	s.t.Logf("%s leads %v after %s was stopped", next.ID, took.Round(time.Millisecond), leader)
	require.NotEqual(s.t, leader.ID, next.ID)
	if *long {
		require.LessOrEqual(s.t, took, cluster.LeaseTTL+2*time.Second, "until another leads")
	}
	return leader, paused
}

// rebalance has the workers placed anew, and waits until the new ones run.
func (s *scene) rebalance() {
	s.t.Helper()
	r, err := s.cluster.Client.Rebalance(s.t.Context(), cluster.RebalanceRequest{Name: s.load.Name, Spread: true})
	require.NoError(s.t, err)
	s.cluster.AwaitRunning(s.load.Name, r.Generation)
}
