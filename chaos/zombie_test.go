package chaos

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR05ZombieNimbus stops the leading Nimbus, has the other one act, and lets the first go on: it finds in its hands what it was
// asked before, and must not do it any more.
func TestR05ZombieNimbus(t *testing.T) {
	rounds := 2
	if *long {
		rounds = 50
	}
	s := play(t, rig.Options{Nimbuses: 2, Supervisors: 2}, load{Workers: 2, Tasks: 2})
	epochs := s.cluster.WatchEpochs()
	for range rounds {
		s.zombie(epochs)
	}
	leaders := epochs.Leaders()
	var ids []string
	for _, l := range leaders {
		ids = append(ids, l.ID)
	}
	t.Logf("%d writes, epochs were begun by %v", epochs.Writes(), ids)
	require.Empty(t, epochs.Stale(), "writes of a leader that was replaced")
	require.GreaterOrEqual(t, len(leaders), rounds+1, "epochs that were begun")
	s.settle(0)
}

func (s *scene) zombie(epochs *rig.Epochs) {
	s.t.Helper()
	leader := s.cluster.AwaitLeader(nil)
	nc, err := cluster.Connect(s.cluster.Admin, "chaos", nil)
	require.NoError(s.t, err)
	defer nc.Close()
	leader.Pause()
	begun := time.Now()
	// Nobody else takes requests yet: this one waits in the zombie's socket.
	kill, err := json.Marshal(cluster.KillRequest{Name: s.load.Name, Wait: -1})
	require.NoError(s.t, err)
	require.NoError(s.t, nc.Publish(cluster.APISubject(cluster.VerbKill), kill))
	require.NoError(s.t, nc.FlushTimeout(rig.Patience))

	next := s.cluster.AwaitLeader(leader) // the answer may take longer: the zombie gets requests, too
	all := epochs.Leaders()
	took := all[len(all)-1].Begun.Sub(begun)
	s.t.Logf("%s leads %v after %s was stopped", next, took.Round(time.Millisecond), leader)
	if *long {
		require.LessOrEqual(s.t, took, cluster.LeaseTTL+2*time.Second, "until another leads")
	}
	s.rebalance()
	time.Sleep(time.Until(begun.Add(3 * cluster.LeaseTTL))) // the fault is one of time
	leader.Resume()
	s.oracle.AwaitMore(2 * feedRate)
	require.Equal(s.t, cluster.Active, s.describe().Status, "what the zombie was asked came true")
}

// rebalance has the workers placed anew, and waits until the new ones run.
func (s *scene) rebalance() {
	s.t.Helper()
	r, err := s.cluster.Client.Rebalance(s.t.Context(), cluster.RebalanceRequest{Name: s.load.Name, Spread: true})
	require.NoError(s.t, err)
	s.cluster.AwaitRunning(s.load.Name, r.Generation)
}
