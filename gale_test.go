package gale_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"

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
			code: 0, stdout: "a\nb\n--\n-gale.help\n", stderr: []string{"words ended after", "COMPONENT", "source", "sink"}},
		{name: "help", program: "words", args: []string{"a", "-gale.help"},
			code: 0, stderr: []string{"-gale.config=FILE", "topology.batch-size (256)", "GALE_TOPOLOGY_BATCH_SIZE", "components.sink.parallelism (1)"}},
		{name: "no topology", program: "unbuildable", code: 1, stderr: []string{"there is no spout", `sink: subscribes to the unknown component "sauce"`}},
		{name: "no topology, however it is configured", program: "unbuildable", args: []string{"-gale.a=b"}, code: 1, stderr: []string{`"sauce"`}},
		{name: "Open fails", program: "unopened", code: 1, stderr: []string{`topology "words": source[0]: open: the queue is locked`}},
		{name: "a fatal error", program: "fatal", code: 1, stderr: []string{`topology "words": sink[0]`, "the disk is gone", "COMPONENT"}},
		{name: "flag without a value", program: "words", args: []string{"-gale.config"}, code: 2, stderr: []string{"flag -gale.config needs a value"}},
		{name: "wrong flag", program: "words", args: []string{"-gale.log.level=loud"}, code: 2, stderr: []string{"flag: log.level"}},
		{name: "wrong environment", program: "words", env: []string{"GALE_LOG_LEVEL=loud"}, code: 2, stderr: []string{"environment GALE_LOG_LEVEL: "}},
		{name: "no file", program: "words", args: []string{"-gale.config=nowhere.yaml"}, code: 2, stderr: []string{"nowhere.yaml: no such file"}},
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

// drained is what the program blocked may print: the interrupt comes when its source has emitted one
// word or more.
var drained = []string{
	"a\nemitted 1, acked 1, failed 0\n",
	"a\nb\nemitted 2, acked 2, failed 0\n",
	"a\nb\nc\nemitted 3, acked 3, failed 0\n",
}

func TestInterruptDrains(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			p := start(t, "blocked", []string{long}, nil)
			p.await(t, p.stdout, "a\n")
			p.signal(t, s)
			p.await(t, p.stderr, "stopping: draining for at most 1h0m0s; Ctrl-C once more ends it at once\n")
			require.NoError(t, p.stdin.Close()) // the bolt goes on
			require.Equal(t, 130, p.exitCode(), "%s", p.stderr)
			require.Contains(t, drained, p.stdout.String(), "each that was emitted is acked")
			require.Contains(t, p.stderr.String(), "words ended after")
		})
	}
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	p := start(t, "blocked", []string{long}, nil)
	p.await(t, p.stdout, "a\n")
	p.signal(t, os.Interrupt)
	p.await(t, p.stderr, "stopping: draining")
	p.signal(t, os.Interrupt)
	require.Equal(t, 130, p.exitCode(), "%s", p.stderr)
	require.Equal(t, "a\n", p.stdout.String(), "the bolt is blocked still")
	require.Contains(t, p.stderr.String(), "ended at once, without draining")
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
