package worker_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestQueuesAreBounded looks, from inside a slow bolt, at how much waits for it. Nothing else would stop the
// spouts: what they emit is not tracked.
func TestQueuesAreBounded(t *testing.T) {
	const batches, size, emitters, n = 3, 8, 2, 20_000
	var w *worker.Worker
	most, sees := int64(0), 0
	w = makeWorker(t, worker.Options{InboxBatches: batches, BatchSize: size}, func(b *topology.Builder) {
		for _, id := range []string{"a", "b"} {
			s := newSource(n)
			s.emit = func(out *topology.SpoutCollector, i int) { out.Emit(i) }
			b.Spout(id, s.factory).Emits("n")
		}
		b.Bolt("slow", execute(func(*topology.Tuple, *topology.Collector) error {
			if sees++; sees%100 == 0 {
				for _, task := range w.Snapshot().Tasks {
					most = max(most, task.Queued)
				}
			}
			return nil
		})).Shuffle("a").Shuffle("b")
	})
	require.NoError(t, w.Run(t.Context()))
	require.Equal(t, emitters*n, sees)
	// Each emitter may have one slab in its hands that it waits to hand over.
	require.LessOrEqual(t, most, int64((batches+emitters)*size))
	require.Greater(t, most, int64(batches*size), "the queues were never full: the test shows nothing")
}

// TestAcksGoOnWhileBlocked opens the gate that a spout waits for by an ack that comes meanwhile.
func TestAcksGoOnWhileBlocked(t *testing.T) {
	gate := make(chan struct{})
	var w *worker.Worker
	queued := func() int64 { return of(t, w, "slow").Queued }
	step := 0
	spout := &hearing{ack: func(id any) {
		if id == "fast" {
			close(gate)
		}
	}}
	spout.next = func(out *topology.SpoutCollector) error {
		if step++; step > 1 {
			return topology.ErrEnd
		}
		out.Stream("fast").EmitID("fast", 0)
		for i := range 10 {
			out.EmitID(i, i)
		}
		return nil
	}
	w = makeWorker(t, worker.Options{InboxBatches: 1, BatchSize: 1}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return spout }).Emits("n").EmitsOn("fast", "n")
		b.Bolt("slow", execute(func(*topology.Tuple, *topology.Collector) error { <-gate; return nil })).Shuffle("src")
		b.Bolt("fast", execute(func(*topology.Tuple, *topology.Collector) error {
			for queued() < 2 { // one is in the inbox, one in the hands of the spout, which is blocked
				runtime.Gosched()
			}
			return nil
		})).Shuffle("src:fast")
	})
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err())
	require.EqualValues(t, 11, of(t, w, "src").Acked)
}

// TestTimeoutsGoOnWhileBlocked opens the gate by a tree that fails in time.
func TestTimeoutsGoOnWhileBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, opened := make(chan struct{}), false
		began, at := time.Now(), time.Duration(0)
		s := newSource(10)
		spout := &hearing{next: func(out *topology.SpoutCollector) error { return s.Next(t.Context(), out) }, ack: s.Ack}
		spout.fail = func(id any, cause error) {
			s.Fail(id, cause)
			if !opened {
				opened, at = true, time.Since(began)
				close(gate)
			}
		}
		w := runToEnd(t, worker.Options{InboxBatches: 1, BatchSize: 1, MessageTimeout: 50 * time.Millisecond}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("slow", execute(func(*topology.Tuple, *topology.Collector) error { <-gate; return nil })).Shuffle("src")
		})
		require.ErrorIs(t, s.causes[0], topology.ErrTimeout)
		require.LessOrEqual(t, at, 50*time.Millisecond*34/32)
		require.Equal(t, 10, len(s.acks)+len(s.fails))
		require.EqualValues(t, len(s.fails), of(t, w, "src").TimedOut)
		require.EqualValues(t, len(s.fails), of(t, w, "slow").LateAcks)
	})
}

// TestWakeWhileBlocked calls Next without a pause though Wake was called while the spout waited for room
// to flush what it had emitted.
func TestWakeWhileBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		spout := &waking{called: make(chan time.Time, 1000)}
		var polled atomic.Int64
		spout.next = func(out *topology.SpoutCollector) error {
			switch polled.Add(1) {
			case 1:
				for i := range 4*16 + 1 { // one slab in the bolt's hands, one in its inbox, one that is not full
					out.Emit(i)
				}
			case 2:
			default:
				spout.called <- time.Now()
			}
			return nil
		}
		w := makeWorker(t, worker.Options{InboxBatches: 1, BatchSize: 64}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("slow", execute(func(*topology.Tuple, *topology.Collector) error { <-gate; return nil })).Shuffle("src")
		})
		cancel, result := background(t, w)
		synctest.Wait() // the spout rests, or is blocked in doing so
		require.LessOrEqual(t, polled.Load(), int64(2), "the spout is not blocked: the test shows nothing")
		spout.tc.Wake()
		synctest.Wait()
		released := time.Now()
		close(gate)
		require.Equal(t, released, <-spout.called)
		cancel()
		require.NoError(t, <-result)
	})
}

// waking is a spout that keeps its context.
type waking struct {
	hearing
	tc     *topology.Context
	called chan time.Time
}

func (s *waking) Open(_ context.Context, tc *topology.Context) error {
	s.tc = tc
	return nil
}
