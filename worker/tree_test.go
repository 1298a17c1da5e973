package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestReplay has a bolt refuse each record once; the spout emits it again.
func TestReplay(t *testing.T) {
	const n = 1000
	s, y := newSource(n), newTally()
	s.replay = true
	seen := map[int64]bool{}
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("picky", execute(func(t *topology.Tuple, out *topology.Collector) error {
			n := t.Int("n")
			if !seen[n] {
				seen[n] = true
				return errRefused
			}
			out.Emit(n)
			return nil
		})).Emits("n").Shuffle("src")
		b.Bolt("sink", y.counting).Shuffle("picky").Parallelism(2)
	})
	requireOnce(t, n, s.acks)
	requireOnce(t, n, s.fails)
	for _, cause := range s.causes {
		require.ErrorIs(t, cause, errRefused)
	}
	require.Len(t, y.seen, n)
	src, picky := of(t, w, "src"), of(t, w, "picky")
	require.EqualValues(t, []int64{2 * n, n, n, 0}, []int64{src.Emitted, src.Acked, src.Failed, src.TimedOut})
	require.EqualValues(t, []int64{2 * n, n, n, n}, []int64{picky.Executed, picky.Acked, picky.Failed, picky.Errors})
	require.EqualValues(t, n, picky.Emitted)
	require.EqualValues(t, n, src.Complete.Count())
}

// TestTimeout loses every second tuple once: exactly these come back, in time.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, timeout = 100, 50 * time.Millisecond
		s, lost := newSource(n), map[int64]bool{}
		s.replay = true
		emitted, late := map[int]time.Time{}, time.Duration(0)
		s.emit = func(out *topology.SpoutCollector, i int) {
			if s.fails[i] > 0 {
				late = max(late, time.Since(emitted[i]))
				require.GreaterOrEqual(t, time.Since(emitted[i]), timeout)
			}
			emitted[i] = time.Now()
			out.EmitID(i, i)
		}
		w := runToEnd(t, worker.Options{MessageTimeout: timeout}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("loser", execute(func(t *topology.Tuple, out *topology.Collector) error {
				if n := t.Int("n"); n%2 == 1 && !lost[n] {
					lost[n] = true
					return nil // neither acked nor failed
				}
				out.Ack(t)
				return nil
			})).ManualAck().Shuffle("src")
		})
		requireOnce(t, n, s.acks)
		require.Len(t, s.fails, n/2)
		for i, times := range s.fails {
			require.Equal(t, []int{1, 1}, []int{i % 2, times})
		}
		for _, cause := range s.causes {
			require.ErrorIs(t, cause, topology.ErrTimeout)
		}
		require.LessOrEqual(t, late, timeout*34/32)
		src := of(t, w, "src")
		require.EqualValues(t, []int64{n, 0, n / 2}, []int64{src.Acked, src.Failed, src.TimedOut})
	})
}

// nurse is a bolt that holds one tuple for five ticks, and meanwhile does something for its tree.
type nurse struct {
	held  *topology.Tuple
	ticks int
	care  func(held *topology.Tuple, out *topology.Collector)
}

func (n *nurse) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	n.held = t
	return nil
}

func (n *nurse) Tick(_ context.Context, _ time.Time, out *topology.Collector) error {
	if n.held == nil {
		return nil
	}
	if n.ticks++; n.ticks == 5 {
		out.Ack(n.held)
		n.held = nil
		return nil
	}
	n.care(n.held, out)
	return nil
}

// TestTimeoutModes keeps a tree of 200 ms alive, or not, with a timeout of 50 ms.
func TestTimeoutModes(t *testing.T) {
	progress := func(held *topology.Tuple, out *topology.Collector) { out.Anchored(held).Emit(1) }
	reset := func(held *topology.Tuple, out *topology.Collector) { out.ResetTimeout(held) }
	idle := func(*topology.Tuple, *topology.Collector) {}
	for name, c := range map[string]struct {
		mode  topology.TimeoutMode
		care  func(*topology.Tuple, *topology.Collector)
		lives bool
	}{
		"since emit, progress":     {topology.SinceEmit, progress, false},
		"since progress, progress": {topology.SinceProgress, progress, true},
		"since emit, reset":        {topology.SinceEmit, reset, true},
		"since progress, reset":    {topology.SinceProgress, reset, true},
		"since progress, idle":     {topology.SinceProgress, idle, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSource(1)
				w := runToEnd(t, worker.Options{MessageTimeout: 50 * time.Millisecond, TimeoutMode: c.mode}, func(b *topology.Builder) {
					b.Spout("src", s.factory).Emits("n")
					b.Bolt("nurse", func() topology.Bolt { return &nurse{care: c.care} }).ManualAck().Tick(40 * time.Millisecond).Emits("n").Shuffle("src")
					b.Bolt("sink", ignore).Shuffle("nurse")
				})
				if c.lives {
					requireOnce(t, 1, s.acks)
					require.Empty(t, s.fails)
					return
				}
				require.Empty(t, s.acks)
				requireOnce(t, 1, s.fails)
				require.ErrorIs(t, s.causes[0], topology.ErrTimeout)
				require.EqualValues(t, 1, of(t, w, "src").TimedOut)
			})
		})
	}
}

// joiner holds the tuple that came first, and joins it with its partner from the other side.
type joiner struct{ waiting map[int64]*topology.Tuple }

func newJoiner() topology.Bolt { return &joiner{map[int64]*topology.Tuple{}} }

func (j *joiner) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	n := t.Int("n")
	first := j.waiting[n]
	if first == nil || first.Component() == t.Component() {
		j.waiting[n] = t
		return nil
	}
	delete(j.waiting, n)
	out.Anchored(first, t).Emit(n)
	out.Ack(first)
	out.Ack(t)
	return nil
}

// TestJoin anchors to tuples of two spouts: a child that fails fails both, and both are replayed.
func TestJoin(t *testing.T) {
	const n = 900
	left, right := newSource(n), newSource(n)
	left.replay, right.replay = true, true
	refused, joined := map[int64]bool{}, map[int64]int{}
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("left", left.factory).Emits("n")
		b.Spout("right", right.factory).Emits("n")
		b.Bolt("join", newJoiner).ManualAck().Emits("n").Parallelism(2).Fields("left", "n").Fields("right", "n")
		b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			n := t.Int("n")
			if n%3 == 0 && !refused[n] {
				refused[n] = true
				return errRefused
			}
			joined[n]++
			return nil
		})).Shuffle("join")
	})
	requireOnce(t, n, left.acks)
	requireOnce(t, n, right.acks)
	require.Len(t, left.fails, n/3)
	require.Equal(t, left.fails, right.fails)
	require.Len(t, joined, n)
	for n, times := range joined {
		require.Equal(t, 1, times, "record %d", n)
	}
	require.EqualValues(t, n+n/3, of(t, w, "sink").Executed)
}

// TestAnchorsOfOneTree joins tuples of the same tree, one of them twice.
func TestAnchorsOfOneTree(t *testing.T) {
	s, held := newSource(100), map[int64]*topology.Tuple{}
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("a", execute(func(t *topology.Tuple, out *topology.Collector) error { out.Emit(t.Int("n")); return nil })).Emits("n").Shuffle("src")
		b.Bolt("join", execute(func(t *topology.Tuple, out *topology.Collector) error {
			n := t.Int("n")
			if held[n] == nil {
				held[n] = t
				return nil
			}
			out.Anchored(held[n], t, t).Emit(n)
			out.Ack(held[n])
			out.Ack(t)
			return nil
		})).ManualAck().Emits("n").Shuffle("src").Shuffle("a")
		// Its tuples have one link for the tree, or two that agree.
		b.Bolt("relay", execute(func(t *topology.Tuple, out *topology.Collector) error { out.Emit(t.Int("n")); return nil })).Emits("n").Shuffle("join")
		b.Bolt("sink", ignore).Shuffle("relay").All("join").Parallelism(2)
	})
	requireOnce(t, 100, s.acks)
	require.Empty(t, s.fails)
}

// TestUnanchored lets the tree complete though what was emitted unanchored fails.
func TestUnanchored(t *testing.T) {
	s := newSource(50)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("a", execute(func(t *topology.Tuple, out *topology.Collector) error { out.Unanchored().Emit(t.Int("n")); return nil })).Emits("n").Shuffle("src")
		b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error { return errRefused })).Shuffle("a")
	})
	requireOnce(t, 50, s.acks)
	require.EqualValues(t, 50, of(t, w, "sink").Failed)
}

// TestFailOnce tells the spout of a tree once, though many of its tuples fail.
func TestFailOnce(t *testing.T) {
	s := newSource(100)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error { return errRefused })).Parallelism(4).All("src")
	})
	requireOnce(t, 100, s.fails)
	require.Empty(t, s.acks)
	require.EqualValues(t, 400, of(t, w, "sink").Failed)
	require.EqualValues(t, 100, of(t, w, "src").Failed)
}
