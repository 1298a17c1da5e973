package worker_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// flood emits all it has in one call of Next.
type flood struct {
	n, emitted, heard int
	most              int // trees that were pending after an emit
	inNext            bool
	nested            int // acks from inside EmitID
	heap              uint64
}

func (f *flood) Next(_ context.Context, out *topology.SpoutCollector) error {
	f.inNext = true
	for range f.n {
		out.EmitID(f.emitted, f.emitted)
		f.emitted++
		f.most = max(f.most, f.emitted-f.heard)
	}
	f.inNext = false
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap = m.HeapAlloc
	return topology.ErrEnd
}

func (f *flood) Ack(any) {
	f.heard++
	if f.inNext {
		f.nested++
	}
}

func (f *flood) Fail(any, error) { f.heard++ }

// TestMaxSpoutPendingInsideNext bounds the trees of a Next that emits a million tuples, and the memory.
func TestMaxSpoutPendingInsideNext(t *testing.T) {
	const n, pending = 1_000_000, 1000
	f := &flood{n: n}
	w := runToEnd(t, worker.Options{MaxSpoutPending: 5}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return f }).Emits("n").MaxPending(pending)
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.Equal(t, n, f.heard)
	require.LessOrEqual(t, f.most, pending)
	require.GreaterOrEqual(t, f.nested, n-pending)
	require.Less(t, f.heap, uint64(100<<20))
	src := of(t, w, "src")
	require.EqualValues(t, []int64{n, n}, []int64{src.Emitted, src.Acked})
	require.Positive(t, src.BlockedNanos)
}

// TestMaxSpoutPendingOfOne runs one tree at a time.
func TestMaxSpoutPendingOfOne(t *testing.T) {
	f := &flood{n: 2000}
	runToEnd(t, worker.Options{MaxSpoutPending: 1}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return f }).Emits("n")
		b.Bolt("relay", execute(func(t *topology.Tuple, out *topology.Collector) error { out.Emit(t.Int("n")); return nil })).Emits("n").Shuffle("src")
		b.Bolt("sink", ignore).Shuffle("relay")
	})
	require.Equal(t, 1, f.most)
	require.Equal(t, 2000, f.heard)
}

// echo is a spout that emits from Ack, which it must not.
type echo struct {
	*source
	out *topology.SpoutCollector
}

func (e *echo) Next(ctx context.Context, out *topology.SpoutCollector) error {
	e.out = out
	return e.source.Next(ctx, out)
}

func (e *echo) Ack(id any) {
	e.source.Ack(id)
	e.out.EmitID(1000, 1000)
}

// TestEmitFromAck is refused and reported, whether the spout has ended or not.
func TestEmitFromAck(t *testing.T) {
	e := &echo{source: newSource(3)}
	w := runToEnd(t, worker.Options{MaxSpoutPending: 1}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return e }).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	requireOnce(t, 3, e.acks)
	require.Empty(t, e.fails)
	src := of(t, w, "src")
	require.EqualValues(t, []int64{3, 3, 3}, []int64{src.Emitted, src.Refused, src.Errors})
	for _, text := range errorsOf(w, "src") {
		require.Contains(t, text, "a spout must not emit in Ack, Fail or Receive")
	}
}

// TestEmitFromAckInsideEmit is refused, too: Ack is then called from inside an EmitID.
func TestEmitFromAckInsideEmit(t *testing.T) {
	e := &echoingFlood{flood: flood{n: 100}}
	w := runToEnd(t, worker.Options{MaxSpoutPending: 1}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return e }).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.Equal(t, 100, e.heard)
	require.EqualValues(t, 100, of(t, w, "src").Emitted)
	require.EqualValues(t, 100, of(t, w, "src").Errors)
}

type echoingFlood struct {
	flood
	out *topology.SpoutCollector
}

func (e *echoingFlood) Next(ctx context.Context, out *topology.SpoutCollector) error {
	e.out = out
	return e.flood.Next(ctx, out)
}

func (e *echoingFlood) Ack(id any) {
	e.flood.Ack(id)
	e.out.Emit(1)
}

// TestManyRefusedEmitsInOneNext reports one error for the call, however many emits were refused.
func TestManyRefusedEmitsInOneNext(t *testing.T) {
	const n = 100_000
	fails, ended := 0, false
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout {
			return &hearing{next: func(out *topology.SpoutCollector) error {
				for range n {
					if !ended {
						out.EmitID(1, "one", "too many")
					}
				}
				ended = true
				return topology.ErrEnd
			}, fail: func(any, error) { fails++ }}
		}).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.Equal(t, n, fails)
	src := of(t, w, "src")
	require.EqualValues(t, []int64{n, n, 1}, []int64{src.Refused, src.Failed, src.Errors})
	require.Less(t, len(errorsOf(w, "src")[0]), 200)
}

// TestEndInTheNextThatHeardAFail goes on: the failure came from inside an EmitID of the very call that
// then returns ErrEnd.
func TestEndInTheNextThatHeardAFail(t *testing.T) {
	var again []int
	done, first := map[int]int{}, true
	spout := &hearing{ack: func(id any) { done[id.(int)]++ }, fail: func(id any, _ error) { again = append(again, id.(int)) }}
	spout.next = func(out *topology.SpoutCollector) error {
		if first {
			first = false
			for i := range 100 {
				out.EmitID(i, i)
			}
			return topology.ErrEnd
		}
		for _, i := range again {
			out.EmitID(i, i)
		}
		again = nil
		return topology.ErrEnd
	}
	refused := map[int64]bool{}
	runToEnd(t, worker.Options{MaxSpoutPending: 1}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return spout }).Emits("n")
		b.Bolt("picky", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			if n := t.Int("n"); n < 50 && !refused[n] {
				refused[n] = true
				return errRefused
			}
			return nil
		})).Shuffle("src")
	})
	requireOnce(t, 100, done)
}

// TestEndOfASpoutThatDoesNotHear is final: there is no Fail that could make it emit again.
func TestEndOfASpoutThatDoesNotHear(t *testing.T) {
	calls := 0
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", topology.SpoutFunc(func(_ context.Context, out *topology.SpoutCollector) error {
			if calls++; calls < 20 { // so that a fault is not an endless run
				out.EmitID(1, 1)
			}
			return topology.ErrEnd
		})).Emits("n")
		b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error { return errRefused })).Shuffle("src")
	})
	require.Equal(t, 1, calls)
	require.EqualValues(t, 1, of(t, w, "src").Failed)
}
