package client

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// programs are what the test binary can be, instead of tests.
var programs = map[string]func() int{
	"topology": func() int {
		return writeDefinition(cluster.Definition{
			Protocol: cluster.Protocol, Name: "numbers", Workers: 1, Timeout: 30 * time.Second,
			Components: []cluster.Component{{ID: "n", Spout: true, Parallelism: 1}},
			Labels:     map[string]string{"args": strings.Join(os.Args[1:], " "), "config": readConfig(), "extra": os.Getenv("EXTRA"), "level": os.Getenv("GALE_LOG_LEVEL")},
		})
	},
	"faulty":   func() int { fmt.Fprintln(os.Stderr, "bolt \"b\" has no input"); return 2 },
	"stranger": func() int { return 0 },
	"garbled":  func() int { return ignore(os.WriteFile(os.Getenv(cluster.DescribeVariable), []byte("{"), 0o600)) },
}

func ignore(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

func writeDefinition(d cluster.Definition) int {
	text, err := json.Marshal(d)
	if err != nil {
		return 1
	}
	return ignore(os.WriteFile(os.Getenv(cluster.DescribeVariable), text, 0o600))
}

func readConfig() string {
	text, err := os.ReadFile(os.Getenv("GALE_CONFIG"))
	if err != nil {
		return ""
	}
	return string(text)
}

// program is the test binary in one of its roles.
func program(t *testing.T, role string, args ...string) Program {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return Program{Path: self, Args: args, Env: map[string]string{"PROGRAM": role}}
}

func TestAProgramIsDescribedAsItsWorkersWillSeeIt(t *testing.T) {
	t.Setenv("GALE_LOG_LEVEL", "debug")
	p := program(t, "topology", "-x", "a b")
	p.Env["EXTRA"], p.Config = "yes", "log:\n  level: warn\n"
	d, err := DefinitionOf(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "numbers", d.Name)
	require.Equal(t, map[string]string{"args": "-x a b", "config": p.Config, "extra": "yes", "level": ""}, d.Labels)
}

func TestWhatIsWrongWithAProgramIsSaid(t *testing.T) {
	for role, want := range map[string]string{"faulty": `bolt "b" has no input`, "stranger": "without describing", "garbled": "can't be read"} {
		t.Run(role, func(t *testing.T) {
			_, err := DefinitionOf(t.Context(), program(t, role))
			require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
			require.ErrorContains(t, err, want)
		})
	}
}

func TestSubmitUploadsOnceAndAsksFirst(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	store := f.store(t)
	var requests []cluster.SubmitRequest
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		requests = append(requests, r)
		return cluster.SubmitResponse{Name: r.Definition.Name, Generation: 1}, nil
	})
	var sent int64
	s := Submission{Program: program(t, "topology"), Workers: 2, Progress: func(n, total int64) { sent = n }}
	r, err := f.client(t).Submit(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "numbers", r.Name)
	require.Len(t, requests, 2)
	require.True(t, requests[0].DryRun)
	require.False(t, requests[1].DryRun)
	require.Equal(t, 2, requests[1].Workers)
	require.Equal(t, requests[1].Program.Size, sent)
	requireStored(t, store, requests[1].Program, s.Program.Path)

	sent = -1
	_, err = f.client(t).Submit(t.Context(), s)
	require.NoError(t, err)
	require.EqualValues(t, -1, sent, "it was there already")
}

func requireStored(t *testing.T, store jetstream.ObjectStore, p cluster.Program, path string) {
	t.Helper()
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	object, err := store.Get(t.Context(), p.Digest)
	require.NoError(t, err)
	got, err := io.ReadAll(object)
	require.NoError(t, err)
	require.NoError(t, object.Close())
	require.Len(t, got, len(want))
	require.Equal(t, want, got, "the bytes differ")
}

// The kill of the last topology that runs a program comes between the look whether it is there and the submission.
func TestAProgramThatIsRemovedMeanwhileIsUploadedAgain(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	store := f.store(t)
	remove, submitted := true, 0
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		if r.DryRun {
			return cluster.SubmitResponse{}, nil
		}
		submitted++
		if remove {
			remove = false
			require.NoError(t, store.Delete(t.Context(), r.Program.Digest))
			return nil, cluster.Errorf(cluster.Invalid, "the program was not uploaded")
		}
		_, err := store.GetInfo(t.Context(), r.Program.Digest)
		return cluster.SubmitResponse{Name: r.Definition.Name}, err
	})
	s := Submission{Program: program(t, "topology")}
	r, err := f.client(t).Submit(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "numbers", r.Name)
	require.Equal(t, 2, submitted)
}

func TestARefusalThatIsNotOfTheProgramIsTheLastWord(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.store(t)
	submitted := 0
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		if r.DryRun {
			return cluster.SubmitResponse{}, nil
		}
		submitted++
		return nil, cluster.Errorf(cluster.Invalid, "no")
	})
	_, err := f.client(t).Submit(t.Context(), Submission{Program: program(t, "topology")})
	require.EqualError(t, err, "no")
	require.Equal(t, 1, submitted)
}

func TestADryRunAndARefusalUploadNothing(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	store := f.store(t)
	var refuse error
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) { return cluster.SubmitResponse{Generation: 1}, refuse })
	s := Submission{Program: program(t, "topology"), DryRun: true}
	_, err := f.client(t).Submit(t.Context(), s)
	require.NoError(t, err)
	s.DryRun, refuse = false, cluster.Errorf(cluster.NoRoom, "too few slots")
	_, err = f.client(t).Submit(t.Context(), s)
	require.Equal(t, cluster.NoRoom, cluster.CodeOf(err))
	_, err = store.List(t.Context())
	require.ErrorIs(t, err, jetstream.ErrNoObjectsFound)
	require.Equal(t, []string{cluster.VerbSubmit, cluster.VerbSubmit}, f.verbs())
}

func TestAFaultyRequestIsRefusedWithoutACluster(t *testing.T) {
	c := startFake(t).client(t)
	_, err := c.Submit(t.Context(), Submission{Program: program(t, "topology"), Parallelism: map[string]int{"m": 2}})
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
	require.ErrorContains(t, err, `no component "m"`)
}

// sources are folders and files that Build is given.
var sources = map[string]string{
	"go.mod":      "module sources\n\ngo 1.26\n",
	"ok/main.go":  "package main\n\nfunc main() {}\n",
	"bad/main.go": "package main\n\nfunc main() { nothing() }\n",
	"lib/lib.go":  "package lib\n",
	"text":        "no program\n",

	"two/main.go":       "package main\n\nfunc main() { other() }\n",
	"two/other.go":      "package main\n\nfunc other() {}\n",
	"two/other_test.go": "package main_test\n",
	"many/a.go":         "package main\n\nfunc main() {}\n",
	"many/b.go":         "package main\n\nfunc main() {}\n",
	"tagged/a.go":       "//go:build ignore\n\npackage main\n\nfunc main() {}\n",
	"tagged/lib.go":     "package tagged\n",
}

func writeSources(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(sources[name]), 0o600))
	}
	return dir
}

func TestBuild(t *testing.T) {
	dir := writeSources(t)
	for path, problem := range map[string]string{
		"ok": "", "ok/main.go": "", "bad": "undefined: nothing", "lib": "no program", "text": "no program", "none": "no such file",
	} {
		t.Run(path, func(t *testing.T) {
			b, err := Build(t.Context(), filepath.Join(dir, path))
			if problem != "" {
				require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
				require.ErrorContains(t, err, problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "ok", filepath.Base(b.Path))
			require.FileExists(t, b.Path)
			require.NoError(t, b.Remove())
			require.NoFileExists(t, b.Path)
		})
	}
}

func TestAFileStandsForItsPackage(t *testing.T) {
	dir := writeSources(t)
	for _, path := range []string{"two", "two/main.go", "two/other.go", "many/a.go", "many/b.go", "tagged/a.go"} {
		t.Run(path, func(t *testing.T) {
			b, err := Build(t.Context(), filepath.Join(dir, path))
			require.NoError(t, err)
			require.FileExists(t, b.Path)
			require.NoError(t, b.Remove())
		})
	}
}

func TestAFileAloneNeedsNoModule(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("alone.go", []byte(sources["ok/main.go"]), 0o600))
	b, err := Build(t.Context(), "alone.go")
	require.NoError(t, err)
	require.NoError(t, b.Remove())
}

func TestABuiltProgramStays(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	b, err := Build(t.Context(), self)
	require.NoError(t, err)
	require.NoError(t, b.Remove())
	require.FileExists(t, self)
}
