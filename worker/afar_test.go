package worker_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// Groupings give tuples to the same tasks, however many workers they are spread over.
func TestGroupingsAcrossWorkers(t *testing.T) {
	chooser := func() topology.Chooser {
		return func(values []topology.Value, tasks int, chosen []int) []int {
			n, _ := values[0].AsInt()
			return append(chosen, int(n)%tasks, int(n+1)%tasks)
		}
	}
	for name, c := range map[string]struct {
		copies    int
		fixed     bool // the values alone decide
		subscribe func(d *topology.BoltDeclarer)
	}{
		"shuffle":          {1, false, func(d *topology.BoltDeclarer) { d.Shuffle("src") }},
		"local or shuffle": {1, false, func(d *topology.BoltDeclarer) { d.LocalOrShuffle("src") }},
		"none":             {1, false, func(d *topology.BoltDeclarer) { d.None("src") }},
		"partial key":      {1, false, func(d *topology.BoltDeclarer) { d.PartialKey("src", "key") }},
		"fields":           {1, true, func(d *topology.BoltDeclarer) { d.Fields("src", "key") }},
		"all":              {groupedTasks, true, func(d *topology.BoltDeclarer) { d.All("src") }},
		"global":           {1, true, func(d *topology.BoltDeclarer) { d.Global("src") }},
		"custom":           {2, true, func(d *topology.BoltDeclarer) { d.Custom("src", chooser) }},
	} {
		t.Run(name, func(t *testing.T) {
			alone, _ := runGrouped(t, c.copies, c.subscribe)
			for _, workers := range []int{1, 2, 3, 5} {
				s, y := keyed(), newTally()
				f := newFleet(t, workers, worker.Options{}, func(b *topology.Builder) {
					b.Spout("src", s.factory).Emits("n", "key")
					c.subscribe(b.Bolt("sink", y.counting).Parallelism(groupedTasks))
				})
				f.run()
				requireOnce(t, groupedRecords, s.acks)
				require.Empty(t, s.fails)
				for i := range groupedRecords {
					require.Equal(t, c.copies, y.total(fmt.Sprint(i)), "record %d", i)
				}
				if c.fixed {
					require.Equal(t, alone.seen, y.seen)
				}
			}
		})
	}
}

// Local-or-shuffle stays among the tasks of the emitter's worker, where there are any.
func TestLocalStaysLocal(t *testing.T) {
	s, y := newSource(1000), newTally()
	f := newFleet(t, 2, worker.Options{}, func(b *topology.Builder) {
		b.Bolt("sink", y.counting).Parallelism(4).LocalOrShuffle("src") // tasks 1 to 4
		b.Spout("src", s.factory).Emits("n")                            // task 5, with 1 and 3
	})
	f.run()
	requireOnce(t, 1000, s.acks)
	require.Equal(t, map[topology.TaskID]int{1: 500, 3: 500}, y.of)
}

func TestDirectAcrossWorkers(t *testing.T) {
	s, y := &directSource{source: newSource(100)}, newTally()
	f := newFleet(t, 3, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return s }).EmitsDirect("direct", "n")
		b.Bolt("sink", y.counting).Parallelism(groupedTasks).Direct("src:direct")
	})
	f.run()
	requireOnce(t, 100, s.acks)
	for i := range 100 {
		require.Equal(t, map[topology.TaskID]int{s.to[i%groupedTasks]: 1}, y.seen[fmt.Sprint(i)])
	}
}

// A topology with several levels, all of whose hops may lead elsewhere, loses and doubles nothing.
func TestEveryTupleOnceAcrossWorkers(t *testing.T) {
	const records = 4000
	s, y, all := newSource(records), newTally(), newTally()
	f := newFleet(t, 3, worker.Options{BatchSize: 32, InboxBatches: 2}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("twice", execute(func(t *topology.Tuple, out *topology.Collector) error {
			out.Emit(t.Int("n"))
			out.Emit(t.Int("n"))
			return nil
		})).Emits("n").Parallelism(3).Shuffle("src")
		b.Bolt("each", all.counting).Parallelism(4).All("twice")
		b.Bolt("sink", y.counting).Parallelism(2).Fields("twice", "n")
	})
	f.run()
	requireOnce(t, records, s.acks)
	for i := range records {
		require.Equal(t, 2, y.total(fmt.Sprint(i)))
		require.Equal(t, 8, all.total(fmt.Sprint(i)))
	}
}

// A bolt elsewhere that fails a tuple fails its tree here, with the cause; a replay goes through.
func TestFailAcrossWorkers(t *testing.T) {
	s, y := newSource(200), newTally()
	s.replay = true
	f := newFleet(t, 2, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			y.add(fmt.Sprint(t.Int("n")), t.Task())
			if y.total(fmt.Sprint(t.Int("n"))) == 1 && t.Int("n")%10 == 0 {
				return errRefused
			}
			return nil
		})).Shuffle("src")
	})
	f.run()
	requireOnce(t, 200, s.acks)
	require.Len(t, s.fails, 20)
	require.EqualError(t, s.causes[0], "in another worker: "+errRefused.Error())
}

// Held tuples of several trees are settled together elsewhere, by Finish.
func TestJoinAcrossWorkers(t *testing.T) {
	a, b := newSource(300), newSource(300)
	f := newFleet(t, 3, worker.Options{}, func(d *topology.Builder) {
		d.Spout("a", a.factory).Emits("n")
		d.Spout("b", b.factory).Emits("n")
		d.Bolt("join", func() topology.Bolt { return &holder{held: map[int64][]*topology.Tuple{}} }).Emits("n").ManualAck().Fields("a", "n").Fields("b", "n").Parallelism(2)
		d.Bolt("sink", ignore).Parallelism(2).Shuffle("join")
	})
	f.run()
	requireOnce(t, 300, a.acks)
	requireOnce(t, 300, b.acks)
}

// holder emits pairs, anchored to both.
type holder struct {
	held map[int64][]*topology.Tuple
}

func (h *holder) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	n := t.Int("n")
	h.held[n] = append(h.held[n], t)
	if pair := h.held[n]; len(pair) == 2 {
		out.Anchored(pair...).Emit(n)
		out.Ack(pair[0])
		out.Ack(pair[1])
		delete(h.held, n)
	}
	return nil
}

// What can't travel fails its tree, and says why.
func TestUnshippable(t *testing.T) {
	type private struct{ n int }
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"type": {topology.Of(private{1}), "private"},
		"size": {strings.Repeat("x", 1<<20), "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSource(3)
			s.emit = func(out *topology.SpoutCollector, i int) {
				if i == 1 {
					out.EmitID(i, c.value)
					return
				}
				out.EmitID(i, "fine")
			}
			f := newFleet(t, 2, worker.Options{}, func(b *topology.Builder) {
				b.Spout("src", s.factory).Emits("n")
				b.Bolt("sink", ignore).Shuffle("src")
			})
			f.run()
			require.Equal(t, map[int]int{0: 1, 2: 1}, s.acks)
			require.Equal(t, map[int]int{1: 1}, s.fails)
			require.ErrorContains(t, s.causes[0], "can't travel to another worker")
			require.ErrorContains(t, s.causes[0], c.want)
		})
	}
}

// The trees that may have had tuples in a worker that has died fail at once, and others go on.
func TestLost(t *testing.T) {
	var held atomic.Int64
	s, other := newSource(50), newSource(50)
	block := make(chan struct{})
	f := newFleet(t, 2, worker.Options{}, func(b *topology.Builder) {
		b.Bolt("far", execute(func(*topology.Tuple, *topology.Collector) error { held.Add(1); <-block; return nil })).Shuffle("src") // task 1
		b.Bolt("near", execute(func(*topology.Tuple, *topology.Collector) error { <-block; return nil })).Shuffle("zother")          // task 2
		b.Bolt("nearer", ignore).Shuffle("src")                                                                                      // task 3
		b.Spout("src", s.factory).Emits("n")                                                                                         // task 4
		b.Bolt("xfar", ignore).Shuffle("src")                                                                                        // task 5
		b.Spout("zother", other.factory).Emits("n")                                                                                  // task 6
	})
	f.start()
	waitFor(t, func() bool {
		return held.Load() > 0 && of(t, f.workers[0], "src").Emitted == 50 && of(t, f.workers[0], "zother").Emitted == 50
	})
	f.workers[0].Lost(1)
	waitFor(t, func() bool { return of(t, f.workers[0], "src").Failed == 50 })
	require.Zero(t, of(t, f.workers[0], "zother").Failed)
	close(block)
	waitFor(t, func() bool { return of(t, f.workers[0], "zother").Acked == 50 })
	f.end()
	require.Len(t, s.fails, 50)
	require.Empty(t, other.fails)
}

// The trees that another worker may have sent on to one that has died fail, too: it may have done so after the spout's worker has learnt of
// the death, or after another process has taken the place of the dead.
func TestLostOnTheWay(t *testing.T) {
	for _, dead := range []int{0, 1} {
		lostOnTheWay(t, dead)
	}
}

func lostOnTheWay(t *testing.T, dead int) {
	t.Helper()
	var held atomic.Int64
	s := newSource(50)
	block := make(chan struct{})
	f := newFleet(t, 3, worker.Options{}, func(b *topology.Builder) {
		b.Spout("a-src", s.factory).Emits("n")                                            // task 1
		b.Bolt("b-pass", execute(func(t *topology.Tuple, out *topology.Collector) error { // task 2
			out.Emit(t.Int("n"))
			return nil
		})).Emits("n").Shuffle("a-src")
		b.Bolt("c-far", execute(func(*topology.Tuple, *topology.Collector) error { held.Add(1); <-block; return nil })).Shuffle("b-pass") // task 3
		b.Bolt("d-home", ignore).Shuffle("b-pass")                                                                                        // task 4
	})
	f.start()
	waitFor(t, func() bool { return held.Load() > 0 && of(t, f.workers[2], "b-pass").Executed == 50 })
	f.workers[2].Lost(dead)
	waitFor(t, func() bool { return of(t, f.workers[1], "a-src").Failed == 50 })
	close(block)
	waitFor(t, func() bool { return of(t, f.workers[0], "c-far").Executed == 50 })
	f.end()
	require.Len(t, s.fails, 50)
}

// A bolt whose inbox tasks of its own worker have filled has room for what credit lets other workers send.
func TestNeighboursLeaveRoomForAfar(t *testing.T) {
	near, far := newSource(500), newSource(500)
	full, release := make(chan struct{}), make(chan struct{})
	far.emit = func(out *topology.SpoutCollector, i int) { <-full; out.EmitID(i, i) }
	f := newFleet(t, 2, worker.Options{InboxBatches: 2, BatchSize: 1}, func(b *topology.Builder) {
		b.Spout("a-near", near.factory).Emits("n") // task 1
		b.Spout("b-far", far.factory).Emits("n")   // task 2
		b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error { <-release; return nil })).Shuffle("a-near").Shuffle("b-far")
	})
	f.start()
	waitFor(t, func() bool { return of(t, f.workers[1], "a-near").BlockedNanos > 0 })
	close(full)
	waitFor(t, func() bool { _, handled := f.wires[1][0].Traffic(); return handled >= worker.Credits })
	close(release)
	f.finish()
	require.Zero(t, f.workers[1].Dropped(0))
	requireOnce(t, 500, near.acks)
	requireOnce(t, 500, far.acks)
}

// Bytes that are no slab or record change nothing and are survived.
func TestMalformedFromAfar(t *testing.T) {
	f := newFleet(t, 2, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(0).factory).Emits("n")
		b.Bolt("sink", ignore).Parallelism(3).All("src")
	})
	for n := range 300 {
		for _, fill := range []byte{0, 1, 2, 3, 4, 0x7f, 0xff} {
			body := []byte(strings.Repeat(string(rune(fill)), n))
			f.workers[0].Control(1, body)
			for dest := range uint32(8) {
				f.workers[0].Receive(1, f.wires[0][1], dest, body)
				f.workers[0].Receive(1, f.wires[0][1], dest|1<<31, body)
			}
		}
	}
	require.Zero(t, of(t, f.workers[0], "sink").Queued)
}

func TestPlacementMustBeWhole(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Spout("src", newSource(0).factory).Emits("n")
	b.Bolt("sink", ignore).Shuffle("src")
	topo, err := b.Build()
	require.NoError(t, err)
	for want, p := range map[string]worker.Placement{
		"leaves out task 2": {Slots: [][]topology.TaskID{{1}}},
		"gives task 1":      {Slots: [][]topology.TaskID{{1}, {1, 2}}},
		"gives task 3":      {Slots: [][]topology.TaskID{{1, 2, 3}}},
		"no slot 2":         {Slots: [][]topology.TaskID{{1}, {2}}, Own: 2},
	} {
		_, err := worker.New(topo, worker.Options{Placement: &p})
		require.ErrorContains(t, err, want)
	}
	_, err = worker.New(topo, worker.Options{Placement: &worker.Placement{Slots: [][]topology.TaskID{{1}, {2}}, Own: 1}})
	require.NoError(t, err)
}
