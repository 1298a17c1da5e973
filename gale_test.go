package gale_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// programVariable names the program that the test binary is to be, instead of running tests. It doesn't
// begin with GALE_, or it would be a mistake in the configuration.
const programVariable = "PROGRAM_UNDER_TEST"

var programs = map[string]func() *topology.Builder{
	"words":       words,
	"unbuildable": unbuildable,
	"unopened":    unopened,
	"fatal":       fatal,
	"blocked":     blocked,
}

func TestMain(m *testing.M) {
	if program := programs[os.Getenv(programVariable)]; program != nil {
		gale.Main(program())
	}
	goleak.VerifyTestMain(m)
}

// source emits the words, tracked.
type source struct {
	words                  []string
	emitted, acked, failed int
}

func (s *source) Next(_ context.Context, out *topology.SpoutCollector) error {
	if s.emitted == len(s.words) {
		return topology.ErrEnd
	}
	out.EmitID(s.emitted, s.words[s.emitted])
	s.emitted++
	return nil
}

func (s *source) Ack(any) { s.acked++ }

func (s *source) Fail(any, error) { s.failed++ }

// withBolt returns a topology of the spout and a bolt.
func withBolt(spout topology.Spout, execute func(word string) error) *topology.Builder {
	b := topology.NewBuilder("words")
	b.Spout("source", func() topology.Spout { return spout }).Emits("word")
	b.Bolt("sink", topology.BoltFunc(func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
		return execute(t.String("word"))
	})).Shuffle("source")
	return b
}

// words prints the program's own arguments.
func words() *topology.Builder {
	return withBolt(&source{words: gale.Args()}, func(word string) error {
		_, err := fmt.Println(word)
		return err
	})
}

func unbuildable() *topology.Builder {
	b := topology.NewBuilder("words")
	b.Bolt("sink", topology.BoltFunc(nil)).Shuffle("sauce")
	return b
}

// locked can't be opened.
type locked struct{ source }

func (*locked) Open(context.Context, *topology.Context) error {
	return errors.New("the queue is locked")
}

func unopened() *topology.Builder {
	return withBolt(&locked{}, func(string) error { return nil })
}

func fatal() *topology.Builder {
	return withBolt(&source{words: []string{"a"}}, func(string) error {
		return topology.Fatal(errors.New("the disk is gone"))
	})
}

// telling is a source that prints at its end what became of what it emitted.
type telling struct{ source }

func (s *telling) Close() error {
	_, err := fmt.Printf("emitted %d, acked %d, failed %d\n", s.emitted, s.acked, s.failed)
	return err
}

// blocked has a bolt that prints each word, and waits inside Execute until its standard input ends.
func blocked() *topology.Builder {
	return withBolt(&telling{source{words: []string{"a", "b", "c"}}}, func(word string) error {
		fmt.Println(word)
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	})
}

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
const patience = time.Minute

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

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name    string
		program string
		args    []string
		env     []string
		code    int
		stdout  string
		stderr  []string
	}{
		{name: "the sources end", program: "words", args: []string{"a", "-gale.plain", "b", "--", "-gale.help"},
			code: gale.ExitOK, stdout: "a\nb\n--\n-gale.help\n", stderr: []string{"words ended after", "COMPONENT", "source", "sink"}},
		{name: "help", program: "words", args: []string{"a", "-gale.help"},
			code: gale.ExitOK, stderr: []string{"-gale.config=FILE", "topology.batch-size (256)", "GALE_TOPOLOGY_BATCH_SIZE", "components.sink.parallelism (1)"}},
		{name: "no topology", program: "unbuildable", code: gale.ExitFailed, stderr: []string{`"sink"`, `"sauce"`}},
		{name: "no topology, however it is configured", program: "unbuildable", args: []string{"-gale.a=b"}, code: gale.ExitFailed, stderr: []string{`"sauce"`}},
		{name: "Open fails", program: "unopened", code: gale.ExitFailed, stderr: []string{`topology "words"`, `"source"`, "the queue is locked"}},
		{name: "a fatal error", program: "fatal", code: gale.ExitFailed, stderr: []string{`topology "words"`, `"sink"`, "the disk is gone", "COMPONENT"}},
		{name: "flag without a value", program: "words", args: []string{"-gale.config"}, code: gale.ExitUsage, stderr: []string{"flag -gale.config needs a value"}},
		{name: "wrong flag", program: "words", args: []string{"-gale.log.level=loud"}, code: gale.ExitUsage, stderr: []string{"flag: log.level"}},
		{name: "wrong environment", program: "words", env: []string{"GALE_LOG_LEVEL=loud"}, code: gale.ExitUsage, stderr: []string{"environment GALE_LOG_LEVEL: "}},
		{name: "no file", program: "words", args: []string{"-gale.config=nowhere.yaml"}, code: gale.ExitUsage, stderr: []string{"nowhere.yaml: no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, c.program, c.args, c.env)
			require.Equal(t, c.code, p.exitCode(), "%s", p.stderr)
			require.Equal(t, c.stdout, p.stdout.String())
			for _, text := range c.stderr {
				require.Contains(t, p.stderr.String(), text)
			}
		})
	}
}

// long is a stop timeout that no test waits for.
const long = "-gale.topology.stop-timeout=1h"

func TestInterruptDrains(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			p := start(t, "blocked", []string{long}, nil)
			p.await(t, p.stdout, "a\n")
			p.signal(t, s)
			p.await(t, p.stderr, "stopping: draining for at most 1h0m0s; once more ends it at once\n")
			require.NoError(t, p.stdin.Close()) // the bolt goes on
			require.Equal(t, gale.ExitInterrupted, p.exitCode(), "%s", p.stderr)
			require.Regexp(t, `^a\n(b\n)?(c\n)?emitted ([1-3]), acked ([1-3]), failed 0\n$`, p.stdout.String())
			require.Equal(t, strings.Count(p.stdout.String(), "\n")-1, acked(t, p), "each that was emitted")
			require.Contains(t, p.stderr.String(), "words ended after")
		})
	}
}

// acked returns how many words the source says were acked, which are all that it has emitted.
func acked(t *testing.T, p *process) (n int) {
	t.Helper()
	_, last, found := strings.Cut(p.stdout.String(), "emitted ")
	require.True(t, found)
	var emitted int
	_, err := fmt.Sscanf(last, "%d, acked %d", &emitted, &n)
	require.NoError(t, err)
	require.Equal(t, emitted, n)
	return n
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	p := start(t, "blocked", []string{long}, nil)
	p.await(t, p.stdout, "a\n")
	p.signal(t, os.Interrupt)
	p.await(t, p.stderr, "stopping: draining")
	p.signal(t, os.Interrupt)
	require.Equal(t, gale.ExitInterrupted, p.exitCode(), "%s", p.stderr)
	require.Equal(t, "a\n", p.stdout.String(), "the bolt is blocked still")
}

func TestRun(t *testing.T) {
	s := &source{words: []string{"a", "b"}}
	topo, err := withBolt(s, func(string) error { return nil }).Build()
	require.NoError(t, err)
	require.NoError(t, gale.Run(t.Context(), topo, worker.Options{}))
	require.Equal(t, 2, s.acked)
}

func TestRunWithWrongOptions(t *testing.T) {
	topo, err := withBolt(&source{}, func(string) error { return nil }).Build()
	require.NoError(t, err)
	err = gale.Run(t.Context(), topo, worker.Options{Overrides: map[string]worker.Override{"sauce": {Parallelism: 2}}})
	require.ErrorContains(t, err, `"sauce"`)
}
