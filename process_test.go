package gale_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output is what a program has written, for one test to await.
type output struct {
	mu struct {
		sync.Mutex
		text bytes.Buffer
	}
	wrote chan struct{} // of one, which says that there is more
}

func newOutput() *output { return &output{wrote: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.wrote <- struct{}{}:
	default:
	}
	return o.mu.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.text.String()
}

// process is a program that runs.
type process struct {
	cmd            *exec.Cmd
	stdin          io.WriteCloser
	stdout, stderr *output
	ended          chan struct{}
}

// patience is how long a program may run: one that hangs is killed, and its exit code is then -1.
const patience = 20 * time.Second

func start(t *testing.T, program string, args, env []string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p := &process{cmd: exec.CommandContext(ctx, os.Args[0], args...), stdout: newOutput(), stderr: newOutput(), ended: make(chan struct{})}
	p.cmd.Env = append(withoutGale(os.Environ()), append(env, programVariable+"="+program)...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	stdin, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	p.stdin = stdin
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // the tests look at its exit code
	}()
	t.Cleanup(func() { cancel(); <-p.ended })
	return p
}

func withoutGale(env []string) (kept []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, "GALE_") {
			kept = append(kept, e)
		}
	}
	return kept
}

// await waits until the program has written the text.
func (p *process) await(t *testing.T, o *output, text string) {
	t.Helper()
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.wrote:
		case <-p.ended:
			require.Contains(t, o.String(), text, "stderr: %s", p.stderr)
		}
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(s))
}

func (p *process) exitCode() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}
