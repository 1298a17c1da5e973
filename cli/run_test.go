package cli

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// refusing answers each verb that changes something by the name of the topology: it is the code of the refusal.
func refusing(f *fake) {
	sampleCluster(f)
	refusal := func(name string) (any, error) {
		if name == "wordcount" || name == "rack1" {
			return cluster.Empty{}, nil
		}
		return nil, cluster.Errorf(cluster.Code(name), "refused").WithHint("another hint")
	}
	on(f, cluster.VerbActivate, func(r cluster.NameRequest) (any, error) { return refusal(r.Name) })
	on(f, cluster.VerbDeactivate, func(r cluster.NameRequest) (any, error) { return refusal(r.Name) })
	on(f, cluster.VerbDrain, func(r cluster.DrainRequest) (any, error) { return refusal(r.Supervisor) })
	on(f, cluster.VerbKill, func(r cluster.KillRequest) (any, error) { return refusal(r.Name) })
	on(f, cluster.VerbRebalance, func(r cluster.RebalanceRequest) (any, error) {
		if _, err := refusal(r.Name); err != nil {
			return nil, err
		}
		return cluster.RebalanceResponse{Generation: 1}, nil
	})
}

func TestExitCodes(t *testing.T) {
	f := startFake(t)
	refusing(f)
	missing := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		args string
		code int
		out  string // a part of standard output; empty: there is none
		err  string // a part of standard error; empty: there is none
	}{
		{"", 0, "Usage:", ""},
		{"-h", 0, "Exit codes", ""},
		{"--help", 0, "Exit codes", ""},
		{"kill -h", 0, "gale kill NAME", ""},
		{"version", 0, "gale ", ""},
		{"version -o json", 0, `"arch"`, ""},
		{"version -o yaml", 0, "arch: ", ""},
		{"-o json version", 0, `"arch"`, ""},
		{"version -o xml", 2, "", "gale version -h"},
		{"version 1", 2, "", `"1" is one argument too many`},
		{"version -- a", 2, "", "nothing after --"},
		{"nothing", 2, "", `no verb "nothing"`},
		{"lst", 2, "", `Did you mean "list"?`},
		{"list", 0, "wordcount", ""},
		{"list -o json", 0, `"name": "wordcount"`, ""},
		{"list --nats nats://127.0.0.1:1", 6, "", "hint: start a cluster with `gale dev`"},
		{"list --creds " + missing, 1, "", "credentials file can't be read"},
		{"list --what", 2, "", "there is no flag -what"},
		{"list x", 2, "", "too many"},
		{"describe wordcount", 0, "Components:", ""},
		{"describe", 2, "", "needs NAME"},
		{"describe other", 3, "", "hint: gale list"},
		{"describe a/b", 2, "", "must match"},
		{"workers", 0, "rack2", ""},
		{"workers wordcount -o yaml", 0, "supervisor: rack1", ""},
		{"workers other", 3, "", "no topology"},
		{"errors wordcount", 0, "bad word", ""},
		{"errors other", 3, "", "no topology"},
		{"supervisors", 0, "gpu=true", ""},
		{"status", 0, "epoch 7", ""},
		{"activate wordcount", 0, "activated", ""},
		{"nimbus --id n1 --apps-key " + missing, 2, "", "--apps-key goes with --account-key"},
		{"deactivate wordcount -o json", 0, `"result": "deactivated"`, ""},
		{"activate not-found", 3, "", "hint: another hint"},
		{"activate conflict", 4, "", "refused"},
		{"activate unauthorized", 5, "", "refused"},
		{"activate unavailable", 6, "", "refused"},
		{"activate timeout", 6, "", "refused"},
		{"activate no-room", 6, "", "refused"},
		{"activate internal", 1, "", "refused"},
		{"activate invalid", 1, "", "refused"},
		{"kill wordcount --detach", 0, "killing", ""},
		{"kill --detach wordcount", 0, "killing", ""},
		{"kill wordcount --wait 2h", 2, "", "wait is 2h"},
		{"kill wordcount --wait soon", 2, "", "gale kill -h"},
		{"kill wordcount --timeout 10ms", 6, "", "is not gone"},
		{"rebalance wordcount", 2, "", "nothing is asked for"},
		{"rebalance wordcount --workers 0", 2, "", "at least 1"},
		{"rebalance wordcount --parallelism count", 2, "", "COMPONENT=N"},
		{"rebalance wordcount --parallelism count=0", 2, "", "at least 1"},
		{"rebalance wordcount --workers 2", 0, "SUPERVISOR", ""},
		{"rebalance conflict --spread", 4, "", "refused"},
		{"drain rack1 --undo", 0, "in use", ""},
		{"drain rack1 --detach", 0, "draining", ""},
		{"drain r.1", 2, "", "is no id"},
		{"drain not-found", 3, "", "refused"},
		{"logs wordcount --tail 0", 2, "", "--tail is 0"},
		{"logs wordcount --grep (", 2, "", "grep"},
		{"logs other", 3, "", "no topology"},
		{"top other --once", 3, "", "no topology"},
		{"submit", 2, "", "needs PATH"},
		{"submit a b", 2, "", "comes after --"},
		{"submit " + missing, 1, "", "no program"},
		{"submit x --set key", 2, "", "KEY=VALUE"},
		{"submit x --config " + missing, 1, "", "configuration can't be read"},
		{"completion tcsh", 2, "", "bash, zsh or fish"},
		{"completion bash", 0, "complete -o default", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, out, err := f.gale(t, strings.Fields(c.args)...)
			require.Equal(t, c.code, code, err)
			requirePart(t, c.out, out)
			requirePart(t, c.err, err)
		})
	}
}

func requirePart(t *testing.T, part, of string) {
	t.Helper()
	if part == "" {
		require.Empty(t, of)
		return
	}
	require.Contains(t, of, part)
}

func TestFlagsMayStandAnywhere(t *testing.T) {
	verbs := (&session{}).app().Commands
	for args, want := range map[string]string{
		"kill a --wait 5s":              "kill --wait 5s a",
		"kill --wait 5s a":              "kill --wait 5s a",
		"kill --wait=5s a":              "kill --wait=5s a",
		"kill a --no-drain":             "kill --no-drain a",
		"kill --no-drain a":             "kill --no-drain a",
		"--nats u kill a --wait 5s":     "kill --nats u --wait 5s a",
		"-o json list":                  "list --output json",
		"logs a -f -n 5 --grep x":       "logs --follow --tail 5 --grep x a",
		"rebalance a -p b=1 --workers":  "rebalance --parallelism b=1 --workers a",
		"list":                          "list",
		"list -o=json -what":            "list --output=json -what",
		"":                              "",
		"unknown a --b":                 "unknown a --b",
		"submit p --parallelism a=1 -w": "submit --parallelism a=1 --workers p",
	} {
		require.Equal(t, strings.Fields(want), append([]string{}, arrange(strings.Fields(args), verbs)...), args)
	}
}

func TestWhatFollowsTwoDashesIsTheProgramsOwn(t *testing.T) {
	own, passed, passes := split([]string{"submit", "p", "--", "-x", "--", "y"})
	require.Equal(t, []string{"submit", "p"}, own)
	require.Equal(t, []string{"-x", "--", "y"}, passed)
	require.True(t, passes)
	_, _, passes = split([]string{"list"})
	require.False(t, passes)
}

func TestAnInterruptIsAnExitCodeOfItsOwn(t *testing.T) {
	f := startFake(t)
	t.Setenv("GALE_NATS", f.url)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err strings.Builder
	require.Equal(t, exitInterrupted, run(ctx, []string{"list"}, &out, &err))
	require.Empty(t, err.String(), "who interrupts knows")
}

func TestTheConnectionFileOfDevIsFound(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GALE_NATS", "")
	site := devSite{client.ConnectionFile(), client.Connection{URL: f.url, PID: os.Getpid()}}
	other, err := site.announce()
	require.NoError(t, err)
	require.Nil(t, other)
	info, err := os.Stat(site.file)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	code, out, text := gale(t, "list")
	require.Zero(t, code, text)
	require.Contains(t, out, "wordcount")
	require.NoError(t, site.withdraw())
	require.NoFileExists(t, site.file)
	code, _, _ = gale(t, "list", "--nats", f.url)
	require.Zero(t, code, "flags say it as well")
}

func TestASecondDevLeavesTheFirstItsFile(t *testing.T) {
	first := exec.Command("sleep", "300") // a process that lives
	require.NoError(t, first.Start())
	file := filepath.Join(t.TempDir(), "gale", "dev.json")
	a := devSite{file, client.Connection{URL: "nats://127.0.0.1:1", PID: first.Process.Pid}}
	b := devSite{file, client.Connection{URL: "nats://127.0.0.1:2", PID: os.Getpid()}}
	_, err := a.announce()
	require.NoError(t, err)
	other, err := b.announce()
	require.NoError(t, err)
	require.Equal(t, &a.mine, other)
	require.NoError(t, b.withdraw())
	there, err := client.ReadConnection(file)
	require.NoError(t, err)
	require.Equal(t, a.mine, there)

	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait()) // it is gone, and has left its file
	require.False(t, a.mine.Living())
	other, err = b.announce()
	require.NoError(t, err)
	require.Nil(t, other)
	require.NoError(t, a.withdraw())
	require.FileExists(t, file, "it is another's by now")
	require.NoError(t, b.withdraw())
	require.NoFileExists(t, file)
}

func TestEveryResultIsTheSameInYAML(t *testing.T) {
	f := startFake(t)
	sampleCluster(f)
	for _, verb := range []string{"list", "describe wordcount", "workers", "errors wordcount", "supervisors", "status", "version"} {
		code, asJSON, _ := f.gale(t, strings.Fields(verb+" -o json")...)
		require.Zero(t, code)
		code, asYAML, _ := f.gale(t, strings.Fields(verb+" -o yaml")...)
		require.Zero(t, code)
		var a, b any
		require.NoError(t, json.Unmarshal([]byte(asJSON), &a))
		require.NoError(t, yaml.Unmarshal([]byte(asYAML), &b))
		again, err := json.Marshal(b)
		require.NoError(t, err)
		require.JSONEq(t, asJSON, string(again))
	}
}

func TestAnyJSONIsTheSameInYAML(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaves := []*rapid.Generator[any]{
			rapid.String().AsAny(), rapid.Int32().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil), rapid.SampledFrom([]string{"yes", "1", "~", "- a", "a: b", "# x", "", " ", "null"}).AsAny(),
		}
		if depth > 0 {
			leaves = append(leaves, rapid.SliceOfN(value(depth-1), 0, 3).AsAny(), rapid.MapOfN(rapid.String(), value(depth-1), 0, 3).AsAny())
		}
		return rapid.OneOf(leaves...)
	}
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(value(3).Draw(t, "value"))
		require.NoError(t, err)
		var b strings.Builder
		require.NoError(t, writeYAML(&b, text))
		var back any
		require.NoError(t, yaml.Unmarshal([]byte(b.String()), &back), b.String())
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again), b.String())
	})
}
