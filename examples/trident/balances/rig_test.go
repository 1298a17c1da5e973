package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/galestream/gale"
	"github.com/galestream/gale/internal/leak"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// mainVariable makes the test's binary the command.
const mainVariable = "BALANCES_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainVariable) != "" {
		main()
	}
	goleak.VerifyTestMain(m, leak.OfPut())
}

// patience is how long a test waits for what has to happen.
const patience = time.Minute

// startNATS starts a server of the test's own.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(patience))
	return s.ClientURL()
}

// run does what the command does with the arguments, until it ends by itself.
func run(t *testing.T, out io.Writer, args ...string) error {
	t.Helper()
	o, err := parseOptions(args, io.Discard)
	require.NoError(t, err)
	b, err := o.builder()
	require.NoError(t, err)
	if o.check {
		b = check(o, out)
	}
	topo, err := b.Build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = gale.Run(ctx, topo, worker.Options{})
	require.NoError(t, ctx.Err(), "it did not end by itself")
	return err
}

// checked is what the check says.
func checked(t *testing.T, args ...string) string {
	t.Helper()
	var said bytes.Buffer
	require.NoError(t, run(t, &said, append(args, "-check")...), said.String())
	return said.String()
}

// process is the command as a process of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

func start(t *testing.T, state string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), mainVariable+"=1", changelog.Variable+"=folder:"+state)
	p.cmd.Stderr = &p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	return p
}

// kill ends it by SIGKILL, unless it has ended.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // which says that it was killed
	}
}

// wait waits until it has ended by itself.
func (p *process) wait() {
	p.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	require.NoError(p.t, p.cmd.Wait(), "%s", &p.stderr)
}
