package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// A bolt that blocks is reported though the sources have ended, when the run waits for its end only.
func TestStuckAfterTheSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		w := makeWorker(t, worker.Options{StuckAfter: time.Second}, func(b *topology.Builder) {
			b.Spout("src", newSource(1).factory).Emits("n")
			b.Bolt("blocked", execute(func(*topology.Tuple, *topology.Collector) error { <-release; return nil })).Shuffle("src")
		})
		_, result := background(t, w)
		time.Sleep(2 * time.Second) // of the bubble's time
		synctest.Wait()
		errors := errorsOf(w, "blocked")
		close(release)
		require.NoError(t, <-result)
		require.Len(t, errors, 1)
		require.Contains(t, errors[0], "blocked[0] has been in one call for")
	})
}

// sharer opens a resource when it is told to.
type sharer struct {
	ignorer
	open chan struct{}
}

func (s *sharer) Prepare(_ context.Context, tc *topology.Context) error {
	_, err := topology.Shared(tc, "db", func() (int, error) { <-s.open; return 1, nil })
	return err
}

type ignorer struct{}

func (ignorer) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

// The opening of a resource that does not return keeps no run from ending.
func TestSharedThatNeverOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", newSource(1).factory).Emits("n")
			b.Bolt("bolt", func() topology.Bolt { return &sharer{open: open} }).Parallelism(2).Shuffle("src")
		})
		cancel, result := background(t, w)
		synctest.Wait()
		cancel()
		var stuck *worker.StuckError
		require.ErrorAs(t, <-result, &stuck)
		require.Len(t, stuck.Tasks, 1, "only the task that opens it; the other has given up")
		close(open)
	})
}

// With automatic acking a tuple is settled when Execute returns: nothing can be anchored to it then.
func TestAutomaticAckingHoldsNothing(t *testing.T) {
	const n = 10
	s := newSource(n)
	var last *topology.Tuple
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("bad", execute(func(t *topology.Tuple, out *topology.Collector) error {
			if last != nil {
				out.Anchored(last).Emit(1)
			}
			last = t
			return nil
		})).Emits("n").Shuffle("src")
		b.Bolt("sink", ignore).Shuffle("bad")
	})
	require.Len(t, s.acks, 1)
	require.Len(t, s.fails, n-1)
	require.EqualValues(t, n-1, of(t, w, "bad").Refused)
	require.Zero(t, of(t, w, "sink").Executed)
	require.Contains(t, errorsOf(w, "bad")[0], "ManualAck")
}

// What a bolt emits after it has become slow does not wait for the rest of a chunk that was planned when it
// was fast.
func TestSlowInTheMiddleOfAChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const fast, pause = 10_000, 100 * time.Millisecond
		s := newSource(2 * fast)
		executed := 0
		var began time.Time
		var late time.Duration
		runToEnd(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("bolt", execute(func(_ *topology.Tuple, out *topology.Collector) error {
				if executed++; executed <= fast || executed > fast+100 {
					return nil
				}
				if began.IsZero() {
					began = time.Now()
				}
				time.Sleep(pause) // of the bubble's time
				out.Emit(executed)
				return nil
			})).Emits("n").Shuffle("src")
			b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error {
				if late == 0 {
					late = time.Since(began)
				}
				return nil
			})).Shuffle("bolt")
		})
		require.LessOrEqual(t, late, 33*pause, "32 tuples may go by between two looks at the clock")
	})
}

// burst emits ten tuples in its only Next, and one instance of it panics in its first Ack.
type burst struct {
	panics bool
	nexts  *atomic.Int32
	emits  *atomic.Int32
}

func (b *burst) Next(_ context.Context, out *topology.SpoutCollector) error {
	b.nexts.Add(1)
	for i := range 10 {
		out.EmitID(i, i)
		b.emits.Add(1)
	}
	return topology.ErrEnd
}

func (b *burst) Ack(any) {
	if b.panics {
		panic("ack")
	}
}

func (b *burst) Fail(any, error) {}

// A panic of Ack inside EmitID ends the Next that it is in: one instance lives at a time.
func TestPanicInAckInsideEmitID(t *testing.T) {
	made := 0
	var nexts, emits [3]atomic.Int32 // of the instance that Build looks at, the first, and the second
	w := runToEnd(t, worker.Options{MaxSpoutPending: 2}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout {
			made++
			return &burst{panics: made == 2, nexts: &nexts[made-1], emits: &emits[made-1]}
		}).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.Equal(t, 3, made)
	require.EqualValues(t, 1, nexts[1].Load())
	require.Less(t, emits[1].Load(), int32(10), "the first instance went on")
	require.EqualValues(t, 1, nexts[2].Load())
	require.EqualValues(t, 10, emits[2].Load())
	require.EqualValues(t, 1, of(t, w, "src").Restarted)
}

// deaf emits on though its context is done.
type deaf struct{ given, heard atomic.Int32 }

func (d *deaf) Next(_ context.Context, out *topology.SpoutCollector) error {
	for i := range 20 {
		d.given.Add(1)
		out.EmitID(i, i)
	}
	return topology.ErrEnd
}

func (d *deaf) Ack(any)         { d.heard.Add(1) }
func (d *deaf) Fail(any, error) { d.heard.Add(1) }

// Each message id comes back once, also when the run is stopped at once.
func TestEmitsAfterTheEndAreHeardOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := &deaf{}
		w := makeWorker(t, worker.Options{MaxSpoutPending: 5, StopTimeout: 50 * time.Millisecond}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return d }).Emits("n")
			b.Bolt("blocked", execute(func(*topology.Tuple, *topology.Collector) error { <-release; return nil })).Shuffle("src")
		})
		cancel, result := background(t, w)
		synctest.Wait()
		cancel()
		time.AfterFunc(300*time.Millisecond, func() { close(release) })
		<-result // an error: it was not drained
		require.EqualValues(t, 20, d.given.Load())
		require.EqualValues(t, 20, d.heard.Load())
	})
}

func TestOptionsOutOfRange(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Spout("src", newSource(1).factory).Emits("n")
	topo, err := b.Build()
	require.NoError(t, err)
	_, err = worker.New(topo, worker.Options{InboxBatches: -1, BatchSize: -1, MaxSpoutPending: -1, MessageTimeout: -1, StopTimeout: -1})
	for _, what := range []string{"inboxes", "batch size", "pending", "message timeout", "stop timeout"} {
		require.ErrorContains(t, err, what)
	}
}
