package worker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestCancelDrains loses nothing that was emitted, and Run returns nil.
func TestCancelDrains(t *testing.T) {
	emitted, heard, enough := 0, map[int]int{}, make(chan struct{})
	spout := &hearing{
		next: func(out *topology.SpoutCollector) error {
			out.EmitID(emitted, emitted)
			if emitted++; emitted == 10_000 {
				close(enough)
			}
			return nil
		},
		ack: func(id any) { heard[id.(int)]++ },
	}
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return spout }).Emits("n")
		b.Bolt("relay", execute(func(t *topology.Tuple, out *topology.Collector) error { out.Emit(t.Int("n")); return nil })).Emits("n").Parallelism(2).Shuffle("src")
		b.Bolt("sink", ignore).Parallelism(2).Fields("relay", "n")
	})
	cancel, result := background(t, w)
	await(t, enough, "tuples")
	cancel()
	require.NoError(t, await(t, result, "the end"))
	requireOnce(t, emitted, heard)
	src := of(t, w, "src")
	require.EqualValues(t, []int64{int64(emitted), int64(emitted), 0, 0}, []int64{src.Emitted, src.Acked, src.Failed, src.Pending})
	require.EqualValues(t, emitted, of(t, w, "sink").Executed)
	require.Equal(t, "ended", w.Snapshot().State)
}

// TestCancelWhileOpening ends though a component waits for its context in Prepare.
func TestCancelWhileOpening(t *testing.T) {
	preparing, j := make(chan struct{}), &journal{}
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout {
			return &livedSpout{j: j, opened: new(int), hearing: hearing{next: func(*topology.SpoutCollector) error { return nil }}}
		}).Emits("n")
		b.Bolt("waits", func() topology.Bolt { return &patient{preparing} }).Shuffle("src")
	})
	cancel, result := background(t, w)
	await(t, preparing, "Prepare")
	cancel()
	require.NoError(t, await(t, result, "the end"))
	require.Equal(t, []string{"open 1", "close 1"}, j.all())
}

// patient is a bolt that waits in Prepare until its context is done.
type patient struct{ preparing chan struct{} }

func (p *patient) Prepare(ctx context.Context, _ *topology.Context) error {
	close(p.preparing)
	<-ctx.Done()
	return ctx.Err()
}

func (p *patient) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

// TestStuck names the task whose code does not return, while it runs and when it is stopped.
func TestStuck(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, c := range map[string]struct {
		spout *hearing
		bolt  topology.Bolt
		stuck string
	}{
		"Execute":              {nil, execute(func(*topology.Tuple, *topology.Collector) error { <-release; return nil })(), "bolt[0]"},
		"Next":                 {&hearing{next: func(*topology.SpoutCollector) error { <-release; return nil }}, ignore(), "src[0]"},
		"Ack":                  {&hearing{next: emitOne, ack: func(any) { <-release }}, ignore(), "src[0]"},
		"Execute after a tick": {nil, &stuckAfterTick{release: release}, "bolt[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			w := makeWorker(t, worker.Options{StopTimeout: 200 * time.Millisecond, StuckAfter: 20 * time.Millisecond}, func(b *topology.Builder) {
				spout := c.spout
				if spout == nil {
					spout = &hearing{next: emitOne}
				}
				b.Spout("src", func() topology.Spout { return spout }).Emits("n")
				b.Bolt("bolt", func() topology.Bolt { return c.bolt }).Tick(topologyMillisecond).Shuffle("src")
			})
			cancel, result := background(t, w)
			waitFor(t, func() bool { return len(w.Snapshot().Errors) > 0 })
			s := w.Snapshot()
			require.Contains(t, s.Errors[0].Text, c.stuck+" has been in one call for ")
			require.Len(t, s.Errors, 1)
			stuck := 0
			for _, component := range s.Components() {
				stuck += component.Stuck
			}
			require.Equal(t, 1, stuck)
			cancel()
			var e *worker.StuckError
			require.ErrorAs(t, await(t, result, "the end"), &e)
			require.Len(t, e.Tasks, 1)
			require.Contains(t, e.Tasks[0], c.stuck+" for ")
		})
	}
}

// emitOne is a Next that always emits one.
func emitOne(out *topology.SpoutCollector) error {
	out.EmitID(1, 1)
	return nil
}

// stuckAfterTick does not return from the first Execute behind a tick.
type stuckAfterTick struct {
	release chan struct{}
	ticked  bool
}

func (s *stuckAfterTick) Tick(context.Context, time.Time, *topology.Collector) error {
	s.ticked = true
	return nil
}

func (s *stuckAfterTick) Execute(context.Context, *topology.Tuple, *topology.Collector) error {
	if s.ticked {
		<-s.release
	}
	return nil
}

// TestStuckInPrepare names the task, too.
func TestStuckInPrepare(t *testing.T) {
	release, preparing := make(chan struct{}), make(chan struct{})
	defer close(release)
	made := 0
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", topology.SpoutFunc(idleNext)).Emits("n")
		b.Bolt("bolt", fragileFactory(&made, fragile{j: &journal{}, prepare: func(int) error { close(preparing); <-release; return nil }})).Shuffle("src")
	})
	cancel, result := background(t, w)
	await(t, preparing, "Prepare")
	cancel()
	var e *worker.StuckError
	require.ErrorAs(t, await(t, result, "the end"), &e)
	require.Len(t, e.Tasks, 1)
	require.Contains(t, e.Tasks[0], "bolt[0] for ")
}

var errFatal = errors.New("the disk is gone")

// TestFatal ends the run with the error, wherever it comes from.
func TestFatal(t *testing.T) {
	fatal := func(instance int) error { return topology.Fatal(errFatal) }
	atRestart := func(instance int) error {
		if instance > 1 {
			return topology.Fatal(errFatal)
		}
		return nil
	}
	nothing := func(*topology.Tuple, *topology.Collector) error { return nil }
	for name, c := range map[string]struct {
		next func(out *topology.SpoutCollector) error
		bolt fragile
		text string
	}{
		"Next":    {func(*topology.SpoutCollector) error { return topology.Fatal(errFatal) }, fragile{execute: nothing}, "src[0]: next: the disk is gone"},
		"Execute": {emitOne, fragile{execute: func(*topology.Tuple, *topology.Collector) error { return topology.Fatal(errFatal) }}, "bolt[0]: the disk is gone"},
		"Prepare": {emitOne, fragile{execute: nothing, prepare: fatal}, "bolt[0]: prepare: the disk is gone"},
		"Prepare at a restart": {emitOne, fragile{execute: func(*topology.Tuple, *topology.Collector) error { panic("once") }, prepare: atRestart},
			"bolt[0]: prepare: the disk is gone"},
		"Tick":   {emitOne, fragile{execute: nothing, tick: fatal}, "bolt[0]: tick: the disk is gone"},
		"Finish": {func(*topology.SpoutCollector) error { return topology.ErrEnd }, fragile{execute: nothing, finish: fatal}, "bolt[0]: finish: the disk is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			made := 0
			c.bolt.j = &journal{}
			w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
				b.Spout("src", func() topology.Spout { return &hearing{next: c.next} }).Emits("n")
				b.Bolt("bolt", fragileFactory(&made, c.bolt)).Tick(topologyMillisecond).Shuffle("src")
			})
			_, result := background(t, w)
			err := await(t, result, "the end")
			require.ErrorIs(t, err, errFatal)
			require.EqualError(t, err, c.text)
		})
	}
}

// TestFatalFailOfATuple ends the run when a bolt fails a tuple itself with such a cause.
func TestFatalFailOfATuple(t *testing.T) {
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return newSource(1) }).Emits("n")
		b.Bolt("bolt", execute(func(t *topology.Tuple, out *topology.Collector) error {
			out.Fail(t, topology.Fatal(errFatal))
			return nil
		})).ManualAck().Shuffle("src")
	})
	_, result := background(t, w)
	err := await(t, result, "the end")
	require.ErrorIs(t, err, errFatal)
	require.ErrorContains(t, err, "bolt[0]: the disk is gone")
}

// TestFatalWhileDraining is not lost either.
func TestFatalWhileDraining(t *testing.T) {
	made, started := 0, make(chan struct{})
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout {
			return &livedSpout{j: &journal{}, opened: new(int), hearing: hearing{next: func(*topology.SpoutCollector) error { return nil }}, activate: func() { close(started) }}
		}).Emits("n")
		b.Bolt("bolt", fragileFactory(&made, fragile{j: &journal{}, finish: func(int) error { return topology.Fatal(errFatal) }})).Shuffle("src")
	})
	cancel, result := background(t, w)
	await(t, started, "the start")
	cancel()
	require.ErrorIs(t, await(t, result, "the end"), errFatal)
}

// TestFatalUnblocks ends at once though the emitter of the bolt that fails waits for room. StopTimeout
// is in the bubble's time: it must not pass.
func TestFatalUnblocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, failed := time.Now(), false
		w := makeWorker(t, worker.Options{InboxBatches: 1, BatchSize: 1, StopTimeout: time.Hour}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return newSource(1) }).Emits("n")
			b.Bolt("fans", execute(func(t *topology.Tuple, out *topology.Collector) error {
				for i := range 1000 {
					out.Emit(i)
				}
				return nil
			})).Emits("n").Shuffle("src")
			b.Bolt("bolt", execute(func(*topology.Tuple, *topology.Collector) error {
				if !failed {
					failed = true
					return topology.Fatal(errFatal)
				}
				time.Sleep(time.Millisecond) // of the bubble's time: the emitter is faster
				return nil
			})).Shuffle("fans")
		})
		require.ErrorIs(t, w.Run(t.Context()), errFatal)
		require.Less(t, time.Since(began), 10*time.Second)
	})
}

// TestOpenFails names all components and tasks that failed, and closes the others.
func TestOpenFails(t *testing.T) {
	j, made := &journal{}, 0
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("bad", func() topology.Spout { return &badOpener{} }).Emits("n").Parallelism(3)
		b.Spout("good", func() topology.Spout { return &livedSpout{j: j, opened: new(int)} }).Emits("n")
		b.Bolt("bolt", fragileFactory(&made, fragile{j: j})).Shuffle("good").Shuffle("bad")
		b.Bolt("panics", fragileFactory(new(int), fragile{j: &journal{}, prepare: func(int) error { panic("prepare") }})).Shuffle("good")
	})
	err := w.Run(t.Context())
	require.ErrorIs(t, err, errRefused)
	require.ErrorContains(t, err, "bad[1]: open: "+errRefused.Error())
	require.NotContains(t, err.Error(), "bad[0]")
	require.ErrorContains(t, err, "panics[0]: panic: prepare")
	require.ElementsMatch(t, []string{"open 1", "close 1", "prepare 1", "cleanup 1"}, j.all())
}

// badOpener fails in its second task.
type badOpener struct{ hearing }

func (b *badOpener) Open(_ context.Context, tc *topology.Context) error {
	if tc.Index == 1 {
		return errRefused
	}
	return nil
}

// TestStopFailsWhatIsHeld tells the spout of each tree that could not be drained.
func TestStopFailsWhatIsHeld(t *testing.T) {
	s, got := newSource(10), make(chan struct{}, 10)
	spout := &hearing{ack: s.Ack, fail: s.Fail, next: func(out *topology.SpoutCollector) error {
		_ = s.Next(context.Background(), out)
		return nil
	}}
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return spout }).Emits("n")
		b.Bolt("holder", execute(func(*topology.Tuple, *topology.Collector) error { got <- struct{}{}; return nil })).ManualAck().Shuffle("src")
	})
	cancel, result := background(t, w)
	for range 10 {
		await(t, got, "a tuple")
	}
	cancel()
	require.NoError(t, await(t, result, "the end"))
	requireOnce(t, 10, s.fails)
	require.Empty(t, s.acks)
	for _, cause := range s.causes {
		require.ErrorContains(t, cause, "stopped")
	}
	require.EqualValues(t, 10, of(t, w, "holder").Failed)
	require.Zero(t, of(t, w, "src").Pending)
}

// TestDrainTakesNoLongerThanStopTimeout gives up on a bolt that takes too long, and says so.
func TestDrainTakesNoLongerThanStopTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		emitted := 0
		w := makeWorker(t, worker.Options{StopTimeout: time.Minute}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout {
				return &hearing{next: func(out *topology.SpoutCollector) error {
					if emitted < 100 {
						out.EmitID(emitted, emitted)
						emitted++
					}
					return nil
				}}
			}).Emits("n")
			b.Bolt("slow", topology.BoltFunc(func(ctx context.Context, _ *topology.Tuple, _ *topology.Collector) error {
				select {
				case <-time.After(7 * time.Second):
				case <-ctx.Done():
				}
				return nil
			})).Shuffle("src")
		})
		cancel, result := background(t, w)
		synctest.Wait()
		began := time.Now()
		cancel()
		err := <-result
		require.ErrorContains(t, err, "stopped after draining for 1m0s")
		require.LessOrEqual(t, time.Since(began), 2*time.Minute)
		require.Zero(t, of(t, w, "src").Pending)
		require.EqualValues(t, 100, of(t, w, "src").Acked+of(t, w, "src").Failed+of(t, w, "src").TimedOut)
	})
}

// TestCancelWhileFinishing does not leave out the bolts that had not finished yet.
func TestCancelWhileFinishing(t *testing.T) {
	for i := range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		j := &journal{}
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return newSource(1) }).Emits("n")
			b.Bolt("a", fragileFactory(new(int), fragile{j: &journal{}, execute: func(*topology.Tuple, *topology.Collector) error { return nil },
				finish: func(int) error { j.add("a"); cancel(); return nil }})).Emits("n").Shuffle("src")
			for c := range 3 {
				id := fmt.Sprint("b", c)
				b.Bolt(id, fragileFactory(new(int), fragile{j: &journal{}, execute: func(*topology.Tuple, *topology.Collector) error { return nil },
					finish: func(int) error { j.add("%s", id); return nil }})).Shuffle("a")
			}
		})
		require.NoError(t, w.Run(ctx))
		cancel()
		require.Equal(t, []string{"a", "b0", "b1", "b2"}, j.all(), "round %d", i)
	}
}
