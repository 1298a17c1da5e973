package cli

import (
	"runtime"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func TestADrainInVainSaysWhatStaysAndWhy(t *testing.T) {
	d := startEmptyDev(t)
	beating(t, d, cluster.Host{ID: "only", Host: "only", PID: 1, OS: runtime.GOOS, Arch: runtime.GOARCH, Slots: 8, Memory: 1 << 20, CPU: 10000, Started: time.Now()})
	d.o.supervisors = 1
	require.NoError(t, d.waitReady(t.Context()))
	access := []string{"--nats", d.server.URL(), "--creds", d.secrets.client}
	code, _, problems := gale(t, append([]string{"submit", copyProgram(t), "--detach"}, access...)...)
	require.Zero(t, code, problems)
	code, _, problems = gale(t, append([]string{"drain", "only", "--detach"}, access...)...)
	require.Zero(t, code, problems)
	awaitMessage(t, d, sampleDefinition().Name)

	code, _, problems = gale(t, append([]string{"drain", "only", "--timeout", "50ms"}, access...)...)
	require.Equal(t, exitNotNow, code)
	require.Contains(t, problems, `supervisor "only" is not empty`)
	require.Contains(t, problems, `topology "wordcount" has 2 there: there is no room`)
	require.Contains(t, problems, "not drained")
}

// awaitMessage waits until Nimbus says something of a topology.
func awaitMessage(t *testing.T, d *devCluster, name string) {
	t.Helper()
	tick := time.NewTicker(readyPause)
	defer tick.Stop()
	for end := time.Now().Add(deadline); ; <-tick.C {
		now, err := d.client.Describe(t.Context(), name)
		require.NoError(t, err)
		if now.Message != "" {
			return
		}
		require.True(t, time.Now().Before(end), "Nimbus says nothing of it")
	}
}
