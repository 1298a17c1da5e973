package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// guard is for tests that would otherwise hang: none waits for it when all is well.
const guard = 60 * time.Second

// declare is the part of a test that says what is run.
type declare func(b *topology.Builder)

// makeWorker builds the topology and gives it a worker.
func makeWorker(t *testing.T, opt worker.Options, d declare) *worker.Worker {
	t.Helper()
	b := topology.NewBuilder("test")
	d(b)
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, opt)
	require.NoError(t, err)
	return w
}

// runToEnd runs a topology that must end by itself, without an error and with nothing pending.
func runToEnd(t *testing.T, opt worker.Options, d declare) *worker.Worker {
	t.Helper()
	w := makeWorker(t, opt, d)
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err(), "the run did not end by itself")
	for _, task := range w.Snapshot().Tasks {
		require.Zero(t, task.Pending, "%s[%d] has trees that are not complete", task.Component, task.Index)
		require.Zero(t, task.Queued, "%s[%d] has tuples that were not taken", task.Component, task.Index)
	}
	return w
}

// background runs the worker until the test ends it by cancel; result then has what Run returned.
func background(t *testing.T, w *worker.Worker) (cancel context.CancelFunc, result <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c := make(chan error, 1)
	go func() { c <- w.Run(ctx) }()
	return cancel, c
}

// await returns what comes, and fails the test when nothing does.
func await[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case x := <-c:
		return x
	case <-time.After(guard):
		require.FailNow(t, "waited in vain", "for %s", what)
		panic("unreachable")
	}
}

// waitFor waits until the condition holds.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, guard, time.Millisecond)
}

// of returns the figures of one component.
func of(t *testing.T, w *worker.Worker, component string) worker.ComponentSnapshot {
	t.Helper()
	s := w.Snapshot()
	for _, c := range s.Components() {
		if c.Component == component {
			return c
		}
	}
	require.FailNow(t, "no such component", component)
	return worker.ComponentSnapshot{}
}

// errorsOf returns the texts of the errors that are kept of a component.
func errorsOf(w *worker.Worker, component string) (texts []string) {
	for _, e := range w.Snapshot().Errors {
		if e.Component == component {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// source is a spout of the records 0 to n-1, each the id of its own tree. It counts what it
// hears of them. Its fields are for its goroutine while it runs, and for the test afterwards.
type source struct {
	n      int
	replay bool // emit again what fails
	// emit emits a record; nil: out.EmitID(i, i).
	emit func(out *topology.SpoutCollector, i int)

	next   int
	again  []int
	acks   map[int]int
	fails  map[int]int
	causes []error
}

func newSource(n int) *source {
	return &source{n: n, acks: map[int]int{}, fails: map[int]int{}}
}

func (s *source) Next(_ context.Context, out *topology.SpoutCollector) error {
	i := s.next
	switch {
	case len(s.again) > 0:
		i, s.again = s.again[0], s.again[1:]
	case s.next < s.n:
		s.next++
	default:
		return topology.ErrEnd
	}
	if s.emit != nil {
		s.emit(out, i)
	} else {
		out.EmitID(i, i)
	}
	return nil
}

func (s *source) Ack(id any) { s.acks[id.(int)]++ }

func (s *source) Fail(id any, cause error) {
	s.fails[id.(int)]++
	s.causes = append(s.causes, cause)
	if s.replay {
		s.again = append(s.again, id.(int))
	}
}

// factory is for a spout of one task.
func (s *source) factory() topology.Spout { return s }

// requireOnce requires that each of the records 0 to n-1 was heard of exactly once. It names the first
// that was not, where require.Equal would print them all.
func requireOnce(t *testing.T, n int, heard map[int]int) {
	t.Helper()
	for i := range n {
		require.Equal(t, 1, heard[i], "how often record %d of %d was heard of", i, n)
	}
	require.Len(t, heard, n)
}

// tally counts what the tasks of a bolt were given.
type tally struct {
	mu   sync.Mutex
	seen map[string]map[topology.TaskID]int
	of   map[topology.TaskID]int
}

func newTally() *tally {
	return &tally{seen: map[string]map[topology.TaskID]int{}, of: map[topology.TaskID]int{}}
}

func (y *tally) add(key string, task topology.TaskID) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.seen[key] == nil {
		y.seen[key] = map[topology.TaskID]int{}
	}
	y.seen[key][task]++
	y.of[task]++
}

// total returns how often the key was seen by all tasks together.
func (y *tally) total(key string) (n int) {
	for _, times := range y.seen[key] {
		n += times
	}
	return n
}

// counting is the factory of bolts that tally the field "n".
func (y *tally) counting() topology.Bolt { return &counter{tally: y, field: "n"} }

type counter struct {
	tally *tally
	field string
	task  topology.TaskID
}

func (c *counter) Prepare(_ context.Context, tc *topology.Context) error {
	c.task = tc.Task
	return nil
}

func (c *counter) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	c.tally.add(t.Value(c.field).String(), c.task)
	return nil
}

// ignore is a bolt that does nothing.
var ignore = topology.BoltFunc(func(context.Context, *topology.Tuple, *topology.Collector) error { return nil })

// execute makes a bolt of a function that needs no context.
func execute(f func(t *topology.Tuple, out *topology.Collector) error) func() topology.Bolt {
	return topology.BoltFunc(func(_ context.Context, t *topology.Tuple, out *topology.Collector) error { return f(t, out) })
}

// errRefused is what bolts fail tuples with.
var errRefused = errors.New("not at the first time")

// journal is what happened, in order; for components that run on several goroutines.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines...)
}

// with returns the lines that begin so.
func (j *journal) with(prefix string) (lines []string) {
	for _, l := range j.all() {
		if strings.HasPrefix(l, prefix) {
			lines = append(lines, l)
		}
	}
	return lines
}
