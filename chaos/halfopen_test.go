package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/internal/faultproxy"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestR25HalfOpenConnection has all vanish between a worker and NATS, while both ends keep their connection. Only the pings can tell.
func TestR25HalfOpenConnection(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2, ProxyWorkers: true}, load{Workers: 2, Tasks: 2})
	before := s.workers()
	host := s.cluster.Supervisor(s.topology.Workers[0].Supervisor)
	said := s.disconnects(host)
	begun := time.Now()
	host.Workers.Set(faultproxy.Both, faultproxy.Faults{Drop: true})
	rig.Await(t, "the worker sees that its connection is dead", func() bool { return s.disconnects(host) > said })
	seen := time.Since(begun)
	t.Logf("the half-open connection was seen after %v", seen.Round(time.Millisecond))
	require.Positive(t, host.Workers.Vanished(), "the fault has had no effect")
	if *long {
		require.LessOrEqual(t, seen, 10*time.Second, "until the half-open connection is seen")
	}
	healed := time.Now()
	host.Workers.Heal()
	s.oracle.AwaitMore(2 * feedRate)
	s.feedFlows()
	pause, _ := s.oracle.Pause(healed)
	t.Logf("from when the network was well again, the longest pause was %v", pause.Round(time.Millisecond))
	require.Equal(t, before, s.workers(), "the workers live through it")
	s.settle(0)
}

// disconnects returns how often workers of the supervisor have said in their logs that they have lost the cluster's NATS.
func (s *scene) disconnects(d *rig.Daemon) (times int) {
	s.t.Helper()
	logs, err := filepath.Glob(filepath.Join(d.Data, "workers", "*", "worker.log"))
	require.NoError(s.t, err)
	for _, name := range logs {
		text, err := os.ReadFile(name)
		require.NoError(s.t, err)
		times += strings.Count(string(text), "disconnected from NATS")
	}
	return times
}
