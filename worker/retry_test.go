package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// exactRetry has no jitter.
var exactRetry = topology.Retry{Attempts: 4, Backoff: 100 * time.Millisecond, MaxBackoff: 300 * time.Millisecond, Jitter: -1}

var errPoison = errors.New("poison")

// TestRetryAndDeadLetters tries poison as often and at the times the policy says; good tuples don't
// wait for it.
func TestRetryAndDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, began := newSource(10), time.Now()
		s.emit = func(out *topology.SpoutCollector, i int) { out.EmitID(i, i, fmt.Sprint("text ", i)) }
		tried := map[int64][]time.Duration{}
		var letters []*topology.Tuple
		var texts []string
		w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n", "text")
			b.Bolt("work", execute(func(t *topology.Tuple, out *topology.Collector) error {
				n := t.Int("n")
				tried[n] = append(tried[n], time.Since(began))
				if n == 4 || n == 8 && len(tried[n]) < 3 {
					return errPoison
				}
				out.Emit(n)
				return nil
			})).Emits("n").Retry(exactRetry).Shuffle("src")
			b.Bolt("sink", ignore).Shuffle("work")
			b.Bolt("morgue", execute(func(t *topology.Tuple, out *topology.Collector) error {
				letters = append(letters, t)
				texts = append(texts, fmt.Sprint(t.String("cause"), "|", t.Int("attempts"), "|", t.String("source"), "|", t.List("values")))
				out.Ack(t)
				return nil
			})).ManualAck().Shuffle(topology.DeadLetters("work"))
		})
		ms := time.Millisecond
		require.Equal(t, []time.Duration{0, 100 * ms, 300 * ms, 600 * ms}, tried[4])
		require.Equal(t, []time.Duration{0, 100 * ms, 300 * ms}, tried[8])
		require.Equal(t, []time.Duration{0}, tried[9])
		require.Equal(t, []string{"poison|4|src:default|[4 text 4]"}, texts)
		require.Equal(t, "work", letters[0].Component())
		requireOnce(t, 10, s.acks)
		require.Empty(t, s.fails)
		work := of(t, w, "work")
		require.EqualValues(t, []int64{15, 10, 0, 5, 1, 0}, []int64{work.Executed, work.Acked, work.Failed, work.Retried, work.DeadLetters, work.Errors})
	})
}

// TestDeadLetterWithoutSubscriber is counted and reported, and the tree completes.
func TestDeadLetterWithoutSubscriber(t *testing.T) {
	s := newSource(3)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("work", execute(func(*topology.Tuple, *topology.Collector) error { return errPoison })).Retry(topology.Retry{Attempts: 1}).Shuffle("src")
	})
	requireOnce(t, 3, s.acks)
	work := of(t, w, "work")
	require.EqualValues(t, []int64{3, 3, 0, 3}, []int64{work.Executed, work.DeadLetters, work.Retried, work.Errors})
	require.Contains(t, errorsOf(w, "work")[0], "gave up a tuple of src:default after 1 attempts, and nothing subscribes to the dead letters: poison")
}

// TestFailedDeadLetter fails the tree: the letter is anchored to the tuple.
func TestFailedDeadLetter(t *testing.T) {
	s := newSource(3)
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("work", execute(func(*topology.Tuple, *topology.Collector) error { return errPoison })).Retry(topology.Retry{Attempts: 1}).Shuffle("src")
		b.Bolt("morgue", execute(func(*topology.Tuple, *topology.Collector) error { return errRefused })).Shuffle(topology.DeadLetters("work"))
	})
	requireOnce(t, 3, s.fails)
	require.ErrorIs(t, s.causes[0], errRefused)
}

// TestPanicIsRetried reports each panic with its stack, and restarts each time.
func TestPanicIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(1)
		w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("work", execute(func(*topology.Tuple, *topology.Collector) error { panic("poison") })).Retry(exactRetry).Shuffle("src")
			b.Bolt("morgue", ignore).Shuffle(topology.DeadLetters("work"))
		})
		requireOnce(t, 1, s.acks)
		work := of(t, w, "work")
		require.EqualValues(t, []int64{4, 4, 4, 1}, []int64{work.Executed, work.Restarted, work.Errors, work.DeadLetters})
		for _, e := range w.Snapshot().Errors {
			require.Contains(t, e.Stack, "TestPanicIsRetried")
		}
	})
}

// TestPanicInChooserOfDeadLetters fails the tree, and the worker lives.
func TestPanicInChooserOfDeadLetters(t *testing.T) {
	s := newSource(3)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("work", execute(func(*topology.Tuple, *topology.Collector) error { return errPoison })).Retry(topology.Retry{Attempts: 1}).Shuffle("src")
		b.Bolt("morgue", ignore).Custom(topology.DeadLetters("work"), func() topology.Chooser {
			return func([]topology.Value, int, []int) []int { panic("no letters") }
		})
	})
	requireOnce(t, 3, s.fails)
	require.EqualValues(t, 3, of(t, w, "work").Failed)
	require.Contains(t, errorsOf(w, "work")[0], "no letters")
}

// TestHeldBoundsWhatWaits stops the intake while enough tuples wait for their next attempt, and goes on
// when they have had it.
func TestHeldBoundsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const held, n = 5, 100
		s := newSource(n)
		tried, waiting, most := map[int64]int{}, 0, 0
		w := makeWorker(t, worker.Options{BatchSize: 1, InboxBatches: 1}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("work", execute(func(t *topology.Tuple, _ *topology.Collector) error {
				n := t.Int("n")
				if tried[n]++; tried[n] == 1 {
					waiting++
					most = max(most, waiting)
					return errPoison
				}
				waiting--
				return nil
			})).Retry(topology.Retry{Attempts: 2, Backoff: time.Hour, MaxBackoff: time.Hour, Jitter: -1, Held: held}).Shuffle("src")
		})
		require.NoError(t, w.Run(t.Context())) // for 20 hours of the bubble's time
		require.Equal(t, held, most)
		require.Zero(t, waiting)
		// Each tree waits for its turn, so most time out first; what the bolt did is the same.
		require.Equal(t, n, len(s.acks)+len(s.fails))
		require.EqualValues(t, []int64{2 * n, n, n}, []int64{of(t, w, "work").Executed, of(t, w, "work").Retried, of(t, w, "work").Acked})
	})
}

// TestRetriesAreDrained waits for the attempts that are due when the run is told to stop.
func TestRetriesAreDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(10)
		var attempts atomic.Int64
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout {
				return &hearing{ack: s.Ack, fail: s.Fail, next: func(out *topology.SpoutCollector) error {
					_ = s.Next(context.Background(), out) // never ends
					return nil
				}}
			}).Emits("n")
			b.Bolt("work", execute(func(*topology.Tuple, *topology.Collector) error {
				if attempts.Add(1) <= 10 {
					return errPoison
				}
				return nil
			})).Retry(topology.Retry{Attempts: 2, Backoff: time.Second, Jitter: -1}).Shuffle("src")
		})
		cancel, result := background(t, w)
		for attempts.Load() < 10 {
			time.Sleep(time.Millisecond) // of the bubble's time
		}
		cancel()
		require.NoError(t, <-result)
		requireOnce(t, 10, s.acks)
		require.EqualValues(t, 20, attempts.Load())
	})
}
