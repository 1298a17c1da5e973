package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"gale": main}) }

const (
	deadline  = time.Minute // for what must happen
	pollPause = 50 * time.Millisecond
)

// The scripts run gale, and a topology, as processes.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: these start clusters of processes")
	}
	programs := t.TempDir() + string(filepath.Separator)
	out, err := exec.Command("go", "build", "-o", programs, "./testdata/ticker", "./testdata/keeper").CombinedOutput()
	require.NoError(t, err, string(out))
	source, err := filepath.Abs("testdata/ticker")
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: func(e *testscript.Env) error { return setUp(e, programs, source) },
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "await": await},
	})
}

func setUp(e *testscript.Env, programs, source string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("TICKER", filepath.Join(programs, "ticker"))
	e.Setenv("KEEPER", filepath.Join(programs, "keeper"))
	e.Setenv("SOURCE", source)
	e.Setenv("PORT", port)
	e.Defer(func() { killWorkers(e.WorkDir) })
	if err := writeCertificate(e.WorkDir); err != nil {
		return err
	}
	return goEnvironment(e)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), l.Close()
}

// goEnvironment lets scripts build programs from what this machine has.
func goEnvironment(e *testscript.Env) error {
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return err
	}
	for i, v := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		e.Setenv(names[i], v)
	}
	return nil
}

// killWorkers kills the workers that a script which has failed leaves behind: supervisors that are killed let them run on.
func killWorkers(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "process.json" {
			return nil //nolint:nilerr // others may still be found
		}
		var p struct{ PID int }
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &p) == nil && p.PID > 1 {
			_ = syscall.Kill(-p.PID, syscall.SIGKILL)
		}
		return nil
	})
}

// exits runs a command that must end with a code: exits 4 gale submit ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ...")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := new(exec.ExitError)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// await runs a command until it succeeds and its output has the text: await TEXT gale list
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await TEXT COMMAND ...")
	}
	for end := time.Now().Add(deadline); time.Now().Before(end); <-time.After(pollPause) {
		if err := ts.Exec(args[1], args[2:]...); err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
	}
	ts.Fatalf("%q did not come within %v", args[0], deadline)
}
