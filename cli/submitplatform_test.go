package cli

import (
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// beating has a supervisor of the platform tell the cluster that it is there, until the test ends.
func beating(t *testing.T, d *devCluster, host cluster.Host) *nats.Conn {
	t.Helper()
	nc, err := cluster.Connect(d.access(d.secrets.daemon), "a supervisor", nil)
	require.NoError(t, err)
	beat, err := json.Marshal(cluster.Beat{Host: host, Healthy: true})
	require.NoError(t, err)
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			_ = nc.Publish(cluster.BeatSubject(host.ID), beat) // Nimbus misses it if it fails
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { close(done); <-over; nc.Close() })
	return nc
}

// startEmptyDev starts NATS and Nimbus, which waits for n supervisors that the test plays.
func startEmptyDev(t *testing.T) *devCluster {
	t.Helper()
	d, err := startDev(t.Context(), devOptions{data: t.TempDir(), port: -1, slots: 1, log: zap.NewNop(), failed: func(err error) { t.Error(err) }})
	t.Cleanup(func() { require.NoError(t, d.stop()) })
	require.NoError(t, err)
	return d
}

// copyProgram writes a package main of two files, which describes the sample topology for the platform that it is built for.
func copyProgram(t *testing.T) string {
	t.Helper()
	d := sampleDefinition()
	d.OS, d.Arch, d.Labels = "GOOS", "GOARCH", nil
	text, err := json.Marshal(d)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, source := range map[string]string{
		"go.mod":  "module words\n\ngo 1.26\n",
		"main.go": "package main\n\nimport \"os\"\n\nfunc main() {\n\tif os.WriteFile(os.Getenv(\"GALE_DESCRIBE\"), []byte(text), 0o600) != nil {\n\t\tos.Exit(1)\n\t}\n}\n",
		"text.go": "package main\n\nimport \"runtime\"\n\nconst text = `" + strings.NewReplacer("GOOS", "` + runtime.GOOS + `", "GOARCH", "` + runtime.GOARCH + `").Replace(string(text)) + "`\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600))
	}
	return dir
}

func TestSubmitBuildsForTheSupervisorsPlatform(t *testing.T) {
	arch, machine := "arm64", elf.EM_AARCH64
	if runtime.GOARCH == arch {
		arch, machine = "amd64", elf.EM_X86_64
	}
	d := startEmptyDev(t)
	nc := beating(t, d, cluster.Host{ID: "far", Host: "far", PID: 1, OS: "linux", Arch: arch, Slots: 8, Memory: 1 << 20, CPU: 10000, Started: time.Now()})
	d.o.supervisors = 1
	require.NoError(t, d.waitReady(t.Context()))
	code, out, problems := gale(t, "submit", copyProgram(t), "--detach", "-o", "json", "--nats", d.server.URL(), "--creds", d.secrets.client)
	require.Zero(t, code, problems)
	require.Contains(t, out, `"supervisor": "far"`)

	js, err := jetstream.New(nc)
	require.NoError(t, err)
	store, err := js.ObjectStore(t.Context(), cluster.ProgramBucket)
	require.NoError(t, err)
	stored, err := store.List(t.Context())
	require.NoError(t, err)
	require.Len(t, stored, 1)
	file := filepath.Join(t.TempDir(), "uploaded")
	require.NoError(t, store.GetFile(t.Context(), stored[0].Name, file))
	program, err := elf.Open(file)
	require.NoError(t, err)
	require.Equal(t, machine, program.Machine)
	require.NoError(t, program.Close())
	described, err := d.client.Describe(t.Context(), sampleDefinition().Name)
	require.NoError(t, err)
	require.Equal(t, "linux/"+arch, described.Definition.OS+"/"+described.Definition.Arch)
}
