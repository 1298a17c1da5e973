package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// life notes each call of a component with the goroutine it comes on. Its counts are plain: the race
// detector sees when two goroutines share them.
type life struct {
	j      *journal
	name   string
	calls  int
	begins bool // whether the next of these calls is the first
}

func (l *life) note(call string) {
	l.calls++
	l.j.add("%s %s on %s", l.name, call, goroutine())
}

// goroutine returns the id of the goroutine that calls it.
func goroutine() string {
	var b [64]byte
	return string(bytes.Fields(b[:runtime.Stack(b[:], false)])[1])
}

func (l *life) open(tc *topology.Context, call string) error {
	l.name = fmt.Sprintf("%s[%d]", tc.Component, tc.Index)
	l.begins = true
	l.note(call)
	return nil
}

func (l *life) Activate()   { l.note("activate") }
func (l *life) Deactivate() { l.note("deactivate") }

// work notes the first of many calls.
func (l *life) work(call string) {
	if l.begins {
		l.begins = false
		l.note(call)
	}
}

type livingSpout struct {
	life
	n int
}

func (s *livingSpout) Open(_ context.Context, tc *topology.Context) error { return s.open(tc, "open") }
func (s *livingSpout) Close() error                                       { s.note("close"); return errors.New("close: too late") }
func (s *livingSpout) Ack(any)                                            {}
func (s *livingSpout) Fail(any, error)                                    {}
func (s *livingSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	s.work("next")
	if s.n++; s.n > 200 {
		return topology.ErrEnd
	}
	out.EmitID(s.n, s.n)
	return nil
}

type livingBolt struct{ life }

func (b *livingBolt) Prepare(_ context.Context, tc *topology.Context) error {
	return b.open(tc, "prepare")
}
func (b *livingBolt) Cleanup() error { b.note("cleanup"); return nil }

func (b *livingBolt) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	b.work("execute")
	out.Emit(t.Int("n"))
	return nil
}

func (b *livingBolt) Finish(_ context.Context, out *topology.Collector) error {
	b.note("finish")
	return nil
}

// TestLifecycle calls each method once and in order, all of a task on its own goroutine.
func TestLifecycle(t *testing.T) {
	for range 20 { // the order between tasks must not be luck
		j := &journal{}
		w := runToEnd(t, worker.Options{}, livingTopology(j))
		requireLives(t, j, true)
		require.EqualValues(t, 2, of(t, w, "src").Errors) // Close fails
		require.Contains(t, errorsOf(w, "src")[0], "close: too late")
	}
}

// TestLifecycleWhenCancelled is the same: bolts are deactivated after they have drained and finished.
func TestLifecycleWhenCancelled(t *testing.T) {
	for range 20 {
		j := &journal{}
		executed, once := make(chan struct{}), false
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			livingTopology(j)(b)
			b.Spout("endless", topology.SpoutFunc(idleNext)).Emits("n")
			b.Bolt("last", execute(func(*topology.Tuple, *topology.Collector) error {
				if !once {
					once = true
					close(executed)
				}
				return nil
			})).Shuffle("b").Shuffle("endless")
		})
		cancel, result := background(t, w)
		await(t, executed, "a tuple")
		waitFor(t, func() bool { return w.Snapshot().State == "running" }) // all are active
		cancel()
		require.NoError(t, await(t, result, "the end"))
		requireLives(t, j, false)
	}
}

func livingTopology(j *journal) declare {
	return func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return &livingSpout{life: life{j: j}} }).Emits("n").Parallelism(2)
		b.Bolt("a", func() topology.Bolt { return &livingBolt{life{j: j}} }).Emits("n").Parallelism(2).Shuffle("src")
		b.Bolt("b", func() topology.Bolt { return &livingBolt{life{j: j}} }).Emits("n").Shuffle("a")
	}
}

// requireLives checks the calls of the tasks of livingTopology. Tasks that nothing came to before
// the run was told to stop have had no Execute.
func requireLives(t *testing.T, j *journal, complete bool) {
	t.Helper()
	for _, task := range []string{"src[0]", "src[1]", "a[0]", "a[1]", "b[0]"} {
		want := []string{"prepare", "activate", "execute", "finish", "deactivate", "cleanup"}
		if strings.HasPrefix(task, "src") {
			want = []string{"open", "activate", "next", "deactivate", "close"}
		}
		lines := j.with(task)
		on := strings.Fields(lines[0])[3]
		var calls []string
		for _, l := range lines {
			require.Equal(t, on, strings.Fields(l)[3], "%v", lines)
			calls = append(calls, strings.Fields(l)[1])
		}
		if !complete {
			calls = slices.DeleteFunc(calls, func(c string) bool { return c == "execute" || c == "next" })
			want = slices.DeleteFunc(want, func(c string) bool { return c == "execute" || c == "next" })
		}
		require.Equal(t, want, calls, "%v", lines)
	}
	// Bolts are active before a spout can send them anything, and finish after all that sends to them.
	finishes := slices.DeleteFunc(j.all(), func(l string) bool { return !strings.Contains(l, " finish ") })
	require.True(t, strings.HasPrefix(finishes[len(finishes)-1], "b[0]"), "%v", finishes)
	activates := slices.DeleteFunc(j.all(), func(l string) bool { return !strings.Contains(l, " activate ") })
	for i, l := range activates {
		require.Equal(t, i >= 3, strings.HasPrefix(l, "src"), "%v", activates)
	}
}

// lastWord is a bolt that sums, and says the sum when it finishes.
type lastWord struct {
	j   *journal
	id  string
	sum int64
}

func (l *lastWord) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	l.sum += t.Int("n")
	l.j.add("%s got %d", l.id, t.Int("n"))
	return nil
}

func (l *lastWord) Finish(_ context.Context, out *topology.Collector) error {
	l.j.add("%s finishes", l.id)
	out.Emit(l.sum)
	return nil
}

// TestFinishReachesThoseDownstream has three bolts in a row sum what they get; each says its sum when it
// finishes, to one that has yet to finish.
func TestFinishReachesThoseDownstream(t *testing.T) {
	s, j := newSource(5), &journal{}
	chain := func(id string) func() topology.Bolt {
		return func() topology.Bolt { return &lastWord{j: j, id: id} }
	}
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("z", chain("z")).Emits("n").Shuffle("src")
		b.Bolt("m", chain("m")).Emits("n").Shuffle("z")
		b.Bolt("a", chain("a")).Emits("n").Shuffle("m")
	})
	require.Equal(t, []string{
		"z got 0", "z got 1", "z got 2", "z got 3", "z got 4", "z finishes",
		"m got 10", "m finishes", "a got 10", "a finishes",
	}, j.all())
}

// hoarder holds all tuples until it finishes.
type hoarder struct{ held []*topology.Tuple }

func (h *hoarder) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	h.held = append(h.held, t)
	return nil
}

func (h *hoarder) Finish(_ context.Context, out *topology.Collector) error {
	for _, t := range h.held {
		out.Anchored(t).Emit(t.Int("n"))
		out.Ack(t)
	}
	h.held = nil
	return nil
}

// TestFinishCompletesTrees ends a run in which a bolt holds every tuple until it is told to finish.
func TestFinishCompletesTrees(t *testing.T) {
	s, y := newSource(1000), newTally()
	runToEnd(t, worker.Options{MessageTimeout: time.Hour}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("hoarder", func() topology.Bolt { return &hoarder{} }).ManualAck().Emits("n").Parallelism(2).Shuffle("src")
		b.Bolt("sink", y.counting).Shuffle("hoarder")
	})
	requireOnce(t, 1000, s.acks)
	require.Len(t, y.seen, 1000)
}

// TestFinishTwice has a bolt finish again when a tree that failed downstream is replayed to it after that.
func TestFinishTwice(t *testing.T) {
	s, refused, finishes := newSource(10), map[int64]bool{}, 0
	s.replay = true
	runToEnd(t, worker.Options{MessageTimeout: time.Hour}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("hoarder", func() topology.Bolt { return &countingHoarder{finishes: &finishes} }).ManualAck().Emits("n").Shuffle("src")
		b.Bolt("picky", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			if n := t.Int("n"); n < 3 && !refused[n] {
				refused[n] = true
				return errRefused
			}
			return nil
		})).Shuffle("hoarder")
	})
	requireOnce(t, 10, s.acks)
	require.Equal(t, map[int]int{0: 1, 1: 1, 2: 1}, s.fails)
	require.Equal(t, 2, finishes)
}

type countingHoarder struct {
	hoarder
	finishes *int
}

func (h *countingHoarder) Finish(ctx context.Context, out *topology.Collector) error {
	*h.finishes++
	return h.hoarder.Finish(ctx, out)
}

// TestFinishAfterTicks asks a bolt to finish again when something reached it after that from a bolt that
// settles what it holds when it is ticked.
func TestFinishAfterTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, finishes := newSource(1), 0
		runToEnd(t, worker.Options{MessageTimeout: time.Hour}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("nurse", func() topology.Bolt {
				return &nurse{care: func(held *topology.Tuple, out *topology.Collector) { out.Anchored(held).Emit(1) }}
			}).ManualAck().Tick(time.Second).Emits("n").Shuffle("src")
			b.Bolt("hoarder", func() topology.Bolt { return &countingHoarder{finishes: &finishes} }).ManualAck().Emits("n").Shuffle("nurse")
		})
		requireOnce(t, 1, s.acks)
		require.Greater(t, finishes, 1)
	})
}
