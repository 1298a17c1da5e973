package cli

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"
)

// described has describe give one answer after the other, the last for ever. What is nil is gone.
func described(f *fake, all ...*cluster.Description) {
	on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) {
		d := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		if d == nil {
			return nil, cluster.Errorf(cluster.NotFound, "there is none")
		}
		return *d, nil
	})
}

func changed(change func(*cluster.Description)) *cluster.Description {
	d := sampleDescription()
	change(&d)
	return &d
}

func TestKillDrainsAndWaits(t *testing.T) {
	f := startFake(t)
	var asked cluster.KillRequest
	on(f, cluster.VerbKill, func(r cluster.KillRequest) (any, error) { asked = r; return cluster.Empty{}, nil })
	for args, wait := range map[string]time.Duration{"": 0, "--wait 5s": 5 * time.Second, "--wait 0s": -1, "--no-drain": -1} {
		draining := changed(func(d *cluster.Description) { d.Status, d.State = cluster.Killed, "draining" })
		quiet := changed(func(d *cluster.Description) { d.Status, d.State, d.Reports = cluster.Killed, "stopping", nil })
		described(f, draining, draining, quiet, nil)
		code, out, err := f.gale(t, append([]string{"kill", "wordcount"}, strings.Fields(args)...)...)
		require.Zero(t, code, err)
		require.Equal(t, "wordcount: killed\n", out)
		require.Equal(t, "wordcount: draining, tuple trees to complete: 8\nwordcount: stopping, processes left: 1\n", err)
		require.Equal(t, wait, asked.Wait, args)
	}
}

func TestRebalanceWaitsUntilTheNewGenerationRuns(t *testing.T) {
	f := startFake(t)
	var asked cluster.RebalanceRequest
	on(f, cluster.VerbRebalance, func(r cluster.RebalanceRequest) (any, error) {
		asked = r
		return cluster.RebalanceResponse{Generation: 2, Placement: []cluster.Placement{{Worker: "w", Supervisor: "rack1", Host: "h1"}}}, nil
	})
	before := changed(func(d *cluster.Description) { d.Wanted, d.State, d.Workers = 2, "rebalancing", nil })
	after := changed(func(d *cluster.Description) { d.Wanted, d.Generation = 2, 2 })
	described(f, before, after)
	code, out, err := f.gale(t, "rebalance", "wordcount", "-w", "3", "-p", "count=8,lines=2", "--parallelism", "sum=1", "-o", "json")
	require.Zero(t, code, err)
	require.Equal(t, cluster.RebalanceRequest{Name: "wordcount", Workers: 3, Parallelism: map[string]int{"count": 8, "lines": 2, "sum": 1}}, asked)
	require.Equal(t, "wordcount: rebalancing, generation 2 gets ready\n", err)
	var r cluster.RebalanceResponse
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Equal(t, "rack1", r.Placement[0].Supervisor)
}

func TestAChangeThatDoesNotComeUpFails(t *testing.T) {
	f := startFake(t)
	on(f, cluster.VerbRebalance, func(cluster.RebalanceRequest) (any, error) { return cluster.RebalanceResponse{Generation: 2}, nil })
	described(f, changed(func(d *cluster.Description) { d.Message = "worker x crashed 3 times" }))
	code, out, err := f.gale(t, "rebalance", "wordcount", "--spread")
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, err, "all goes on as before: worker x crashed 3 times")
	require.Contains(t, err, "hint: gale errors wordcount")
}

func TestDrainWaitsUntilTheSupervisorIsEmpty(t *testing.T) {
	f := startFake(t)
	used := 3
	on(f, cluster.VerbSupervisors, func(cluster.Empty) (any, error) {
		used--
		return cluster.SupervisorsResponse{Supervisors: []cluster.SupervisorStatus{{Supervisor: cluster.Supervisor{Host: cluster.Host{ID: "rack1"}}, Used: used}}}, nil
	})
	code, out, err := f.gale(t, "drain", "rack1")
	require.Zero(t, code, err)
	require.Equal(t, "rack1: drained\n", out)
	require.Equal(t, "rack1: workers left: 2\nrack1: workers left: 1\n", err)
}

func TestSubmitSendsWhatTheCommandLineSays(t *testing.T) {
	f := startFake(t)
	self, err := os.Executable()
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "gale.yaml")
	require.NoError(t, os.WriteFile(config, []byte("log:\n  level: warn\n"), 0o600))
	t.Setenv("FROM_HERE", "here")
	var asked []cluster.SubmitRequest
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		asked = append(asked, r)
		return cluster.SubmitResponse{Name: "wordcount", Generation: 1, Placement: []cluster.Placement{{Supervisor: "rack1"}}}, nil
	})
	sampleCluster(f)
	code, out, text := f.gale(t, "submit", self, "-w", "2", "--parallelism", "count=4", "--set", "topology.batch-size=64,8", "--config", config,
		"--env", "A=b,c", "-e", "FROM_HERE", "--inactive", "--replace", "--", "-top", "10", "--", "x")
	require.Zero(t, code, text)
	require.Contains(t, out, "wordcount runs, generation 1:")
	require.Contains(t, text, "checking the topology\nuploading ")
	require.Len(t, asked, 2)
	require.True(t, asked[0].DryRun)
	r := asked[1]
	require.False(t, r.DryRun)
	require.Equal(t, []string{"-gale.topology.batch-size=64,8", "-top", "10", "--", "x"}, r.Program.Args)
	require.Equal(t, map[string]string{"A": "b,c", "FROM_HERE": "here"}, r.Program.Env)
	require.Equal(t, "log:\n  level: warn\n", r.Program.Config)
	require.Equal(t, 2, r.Workers)
	require.Equal(t, map[string]int{"count": 4}, r.Parallelism)
	require.True(t, r.Inactive && r.Replace)
}

// What the cluster sets would be passed over, or keep workers from working.
func TestSubmitRefusesVariablesThatTheClusterSets(t *testing.T) {
	f := startFake(t)
	t.Setenv("GALE_STATE", "folder:here")
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, nil, 0o600))
	for line, want := range map[string]string{
		"-e GALE_STATE=folder:/x":                      "--env GALE_STATE: Gale sets this variable of workers itself, so leave it out: a topology on a cluster keeps its state",
		"--env GALE_STATE":                             "--env GALE_STATE: ",
		"-e A=b -e GALE_WORKER_FOLDER=/x":              "--env GALE_WORKER_FOLDER: ",
		"-e GALE_WORKER=x":                             "--env GALE_WORKER: ",
		"-e GALE_DESCRIBE=x":                           "--env GALE_DESCRIBE: ",
		"-e GALE_CONFIG=/x.yaml --config " + config:    "--env GALE_CONFIG: ",
		"-e GALE_TOPOLOGY_BATCH_SIZE=8 -e GALE_STATE=": "--env GALE_STATE: ",
	} {
		for _, verb := range []string{"submit", "dev"} {
			code, out, text := f.gale(t, append([]string{verb, "./nothing"}, strings.Fields(line)...)...)
			require.Equal(t, exitUsage, code, "%s %s: %s", verb, line, text)
			require.Empty(t, out)
			require.Contains(t, text, want)
			require.Contains(t, text, "hint: gale "+verb+" -h")
		}
	}
	for _, line := range []string{"-e GALE_CONFIG=/x.yaml", "-e GALE_NATS=nats://x", "-e GALE_TOPOLOGY_BATCH_SIZE=8"} {
		code, _, text := f.gale(t, append([]string{"submit", "./nothing"}, strings.Fields(line)...)...)
		require.Equal(t, exitFailed, code)
		require.NotContains(t, text, "--env", line)
	}
}

func TestADryRunOfSubmitDoesNotWait(t *testing.T) {
	f := startFake(t)
	self, err := os.Executable()
	require.NoError(t, err)
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		return cluster.SubmitResponse{Name: "wordcount", Generation: 1, Placement: []cluster.Placement{{Supervisor: "rack1"}}}, nil
	})
	code, out, text := f.gale(t, "submit", self, "--dry-run")
	require.Zero(t, code, text)
	require.Contains(t, out, "wordcount would run, generation 1:")
}

func TestTopShowsRatesSinceALookBefore(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	later := changed(func(d *cluster.Description) {
		for i := range d.Reports {
			s := &d.Reports[i].Snapshot
			s.Uptime += 2 * time.Second
			s.Tasks[0].Emitted += 10
			s.Tasks[0].Executed += 50
		}
	})
	described(f, changed(func(*cluster.Description) {}), later)
	code, out, err := f.gale(t, "top", "wordcount", "-o", "json")
	require.Zero(t, code, err)
	var r topResult
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Equal(t, 25.0, r.Components[0].Rate)
	require.Equal(t, 5.0, r.Components[1].Rate)
	require.Equal(t, 12*time.Second, r.Uptime)
	code, out, err = f.gale(t, "top", "--once")
	require.Zero(t, code, err)
	require.Contains(t, out, "SLOWEST P99")
}

// A live table ends by itself when the topology is gone, and by Ctrl-C.
func TestTopWritesLinesWhereThereIsNoTerminal(t *testing.T) {
	f := startFake(t)
	described(f, changed(func(*cluster.Description) {}), nil)
	code, _, err := f.gale(t, "top", "wordcount")
	require.Zero(t, code, err)
	described(f, changed(func(*cluster.Description) {}))
	t.Setenv("GALE_NATS", f.url)
	ctx, cancel := context.WithCancel(t.Context())
	on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) { cancel(); return sampleDescription(), nil })
	var out, text strings.Builder
	require.Zero(t, run(ctx, []string{"top", "wordcount"}, &out, &text), text.String())
}

func TestLogs(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	var mu sync.Mutex
	var asked []cluster.LogsRequest
	service, err := micro.AddService(f.nc, micro.Config{Name: "supervisor", Version: "1.0.0"})
	require.NoError(t, err)
	handler := micro.HandlerFunc(func(r micro.Request) {
		var q cluster.LogsRequest
		_ = json.Unmarshal(r.Data(), &q)
		mu.Lock()
		asked = append(asked, q)
		mu.Unlock()
		_ = r.RespondJSON(cluster.LogsResponse{Lines: []string{"a line"}, Next: "1"})
	})
	require.NoError(t, service.AddEndpoint("logs", handler, micro.WithEndpointSubject(cluster.SupervisorSubject("rack1", cluster.SupervisorLogs))))
	require.NoError(t, f.nc.Flush())
	code, out, text := f.gale(t, "logs", "wordcount", "--grep", "li+ne", "--component", "count", "-n", "5")
	require.Zero(t, code, text)
	require.Equal(t, "AAAAAAAA  a line\n", out)
	require.Contains(t, text, `worker BBBBBBBB: supervisor "rack2" is not there`)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []cluster.LogsRequest{{TopologyID: sampleSummary().ID, Worker: "W0000000000000AAAAAAAA", Tail: 5, Grep: "li+ne", Component: "count"}}, asked)
}

func TestLogsAsJSONIsAnObjectALine(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	code, out, _ := f.gale(t, "logs", "wordcount", "-o", "json")
	require.Equal(t, exitNotNow, code, "no supervisor is there")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], `"notice":true`)
}

func TestCompletion(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	for words, want := range map[string]string{
		"des":                         "describe",
		"kill ":                       "wordcount",
		"kill w":                      "wordcount",
		"kill x":                      "",
		"kill wordcount --w":          "--wait",
		"list -o ":                    "json table yaml",
		"list -o j":                   "json",
		"drain ":                      "rack1 rack2 rack3",
		"logs wordcount --component ": "count lines",
		"rebalance wordcount -p c":    "count=",
		"completion ":                 "bash fish zsh",
		"state ":                      "list get drop",
		"state get ":                  "wordcount",
		"state list w":                "wordcount",
		"state drop ":                 "",
		"state get wordcount c k ":    "",
		"query --topology ":           "wordcount",
		"query reach ":                "",
		"submit ":                     "",
		"submit p -- --":              "",
	} {
		code, out, err := f.gale(t, append([]string{"complete-words", "--"}, strings.Split(words, " ")...)...)
		require.Zero(t, code, err)
		require.ElementsMatch(t, strings.Fields(want), strings.Fields(out), words)
	}
}

func TestWithoutAClusterNothingCompletes(t *testing.T) {
	t.Setenv("GALE_NATS", "nats://127.0.0.1:1")
	code, out, err := gale(t, "complete-words", "--", "kill", "")
	require.Zero(t, code)
	require.Empty(t, out)
	require.Empty(t, err)
}

// The bash script is run with a gale that is a shell function.
func TestTheBashScriptCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash on this machine")
	}
	_, script, _ := gale(t, "completion", "bash")
	script += `
gale() { local IFS=' '; printf '%s\n' "called $*" "second candidate"; }
COMP_WORDS=(gale kill word) COMP_CWORD=2
_gale
printf '%s\n' "${COMPREPLY[@]}"
`
	out, err := exec.Command(bash, "--noprofile", "--norc", "-eu", "-c", script).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "called complete-words -- kill word\nsecond candidate\n", string(out))
}
