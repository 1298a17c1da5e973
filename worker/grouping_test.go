package worker_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

const (
	groupedRecords = 3000
	groupedKeys    = 37
	groupedTasks   = 4
)

// keyed is a source whose records have a key.
func keyed() *source {
	s := newSource(groupedRecords)
	s.emit = func(out *topology.SpoutCollector, i int) { out.EmitID(i, i, key(i)) }
	return s
}

func key(i int) string { return fmt.Sprintf("key-%d", i%groupedKeys) }

// runGrouped sends the keyed records to four tasks, as subscribe says, and checks what holds for each
// grouping that gives a tuple to one task.
func runGrouped(t *testing.T, copies int, subscribe func(d *topology.BoltDeclarer)) (byRecord, byKey *tally) {
	s, byRecord, byKey := keyed(), newTally(), newTally()
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n", "key")
		subscribe(b.Bolt("sink", func() topology.Bolt { return &pairCounter{counter{tally: byRecord, field: "n"}, byKey} }).Parallelism(groupedTasks))
	})
	requireOnce(t, groupedRecords, s.acks)
	require.Empty(t, s.fails)
	require.Len(t, byRecord.seen, groupedRecords)
	for i := range groupedRecords {
		require.Equal(t, copies, byRecord.total(fmt.Sprint(i)), "record %d", i)
	}
	sink, src := of(t, w, "sink"), of(t, w, "src")
	require.EqualValues(t, groupedRecords, src.Emitted)
	require.EqualValues(t, groupedRecords*copies, src.Transferred)
	require.EqualValues(t, groupedRecords, src.Acked)
	require.EqualValues(t, groupedRecords*copies, sink.Executed)
	require.EqualValues(t, groupedRecords*copies, sink.Acked)
	return byRecord, byKey
}

// pairCounter tallies the record and its key.
type pairCounter struct {
	counter
	byKey *tally
}

func (c *pairCounter) Execute(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
	c.byKey.add(t.String("key"), c.task)
	return c.counter.Execute(ctx, t, out)
}

func TestShuffleIsEvenWithinOne(t *testing.T) {
	for name, subscribe := range map[string]func(d *topology.BoltDeclarer){
		"shuffle":          func(d *topology.BoltDeclarer) { d.Shuffle("src") },
		"local or shuffle": func(d *topology.BoltDeclarer) { d.LocalOrShuffle("src") },
		"none":             func(d *topology.BoltDeclarer) { d.None("src") },
	} {
		t.Run(name, func(t *testing.T) {
			byRecord, _ := runGrouped(t, 1, subscribe)
			require.Len(t, byRecord.of, groupedTasks)
			for task, n := range byRecord.of {
				require.InDelta(t, groupedRecords/groupedTasks, n, 1, "task %d", task)
			}
		})
	}
}

func TestFieldsGivesAKeyToOneTask(t *testing.T) {
	_, byKey := runGrouped(t, 1, func(d *topology.BoltDeclarer) { d.Fields("src", "key") })
	require.Len(t, byKey.seen, groupedKeys)
	for k, tasks := range byKey.seen {
		require.Len(t, tasks, 1, "%s", k)
	}
	require.Greater(t, len(byKey.of), 1, "all keys went to one task")
}

func TestPartialKeyGivesAKeyToTwoTasksEvenly(t *testing.T) {
	_, byKey := runGrouped(t, 1, func(d *topology.BoltDeclarer) { d.PartialKey("src", "key") })
	require.Len(t, byKey.seen, groupedKeys)
	shared := 0
	for k, tasks := range byKey.seen {
		require.LessOrEqual(t, len(tasks), 2, "%s", k)
		shared += len(tasks) - 1
	}
	require.Positive(t, shared, "no key was shared by two tasks")
}

func TestAllGivesEveryTaskACopy(t *testing.T) {
	byRecord, _ := runGrouped(t, groupedTasks, func(d *topology.BoltDeclarer) { d.All("src") })
	for task, n := range byRecord.of {
		require.Equal(t, groupedRecords, n, "task %d", task)
	}
}

func TestGlobalGivesAllToTheLowestTask(t *testing.T) {
	byRecord, _ := runGrouped(t, 1, func(d *topology.BoltDeclarer) { d.Global("src") })
	require.Equal(t, map[topology.TaskID]int{1: groupedRecords}, byRecord.of) // sink[0] is task 1
}

func TestCustomGivesWhatIsChosen(t *testing.T) {
	chooser := func() topology.Chooser {
		return func(values []topology.Value, tasks int, chosen []int) []int {
			n, _ := values[0].AsInt()
			return append(chosen, int(n)%tasks, int(n+1)%tasks)
		}
	}
	byRecord, _ := runGrouped(t, 2, func(d *topology.BoltDeclarer) { d.Custom("src", chooser) })
	for i := range groupedRecords {
		want := map[topology.TaskID]int{topology.TaskID(i%groupedTasks + 1): 1, topology.TaskID((i+1)%groupedTasks + 1): 1}
		require.Equal(t, want, byRecord.seen[fmt.Sprint(i)])
	}
}

// TestCustomMayChooseNone completes trees that nobody was sent.
func TestCustomMayChooseNone(t *testing.T) {
	s, y := newSource(100), newTally()
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("sink", y.counting).Custom("src", func() topology.Chooser {
			return func(_ []topology.Value, _ int, chosen []int) []int { return chosen }
		})
	})
	requireOnce(t, 100, s.acks)
	require.Empty(t, y.seen)
}

// TestCustomOutOfRange fails the trees at once, and nobody counts a tuple as sent.
func TestCustomOutOfRange(t *testing.T) {
	s, y := newSource(10), newTally()
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("aaa", y.counting).Shuffle("src")
		b.Bolt("sink", ignore).Parallelism(2).Custom("src", func() topology.Chooser {
			return func(values []topology.Value, tasks int, chosen []int) []int {
				n, _ := values[0].AsInt()
				return append(chosen, int(n)) // right for 0 and 1
			}
		})
	})
	requireOnce(t, 2, s.acks)
	require.Len(t, s.fails, 8)
	require.ErrorContains(t, s.causes[0], `the custom grouping to "sink" chose task 2 of 2`)
	src := of(t, w, "src")
	require.EqualValues(t, 2, src.Emitted)
	require.EqualValues(t, 8, src.Refused)
	require.EqualValues(t, 4, src.Transferred)
	require.EqualValues(t, 2, of(t, w, "aaa").Executed)
}

// directSource emits record i to the task it names.
type directSource struct {
	*source
	to []topology.TaskID
}

func (s *directSource) Open(_ context.Context, tc *topology.Context) error {
	s.to = tc.Tasks("sink")
	s.emit = func(out *topology.SpoutCollector, i int) {
		out.Stream("direct").Direct(s.to[i%len(s.to)]).EmitID(i, i)
	}
	return nil
}

func TestDirectGivesToTheTaskThatIsNamed(t *testing.T) {
	s, y := &directSource{source: newSource(100)}, newTally()
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return s }).EmitsDirect("direct", "n")
		b.Bolt("sink", y.counting).Parallelism(groupedTasks).Direct("src:direct")
	})
	requireOnce(t, 100, s.acks)
	for i := range 100 {
		require.Equal(t, map[topology.TaskID]int{s.to[i%groupedTasks]: 1}, y.seen[fmt.Sprint(i)])
	}
}

// TestDirectToAStranger fails the tree of an emit to a task that doesn't subscribe.
func TestDirectToAStranger(t *testing.T) {
	s := newSource(5)
	s.emit = func(out *topology.SpoutCollector, i int) { out.Stream("direct").Direct(77).EmitID(i, i) }
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).EmitsDirect("direct", "n")
		b.Bolt("sink", ignore).Direct("src:direct")
	})
	requireOnce(t, 5, s.fails)
	require.ErrorContains(t, s.causes[0], `emit on stream "direct" of "src": task 77 doesn't subscribe to it`)
	require.EqualValues(t, 5, of(t, w, "src").Refused)
	require.Zero(t, of(t, w, "src").Transferred)
}

// TestSeveralSubscribers gives each of three bolts its own copy; the tree waits for all.
func TestSeveralSubscribers(t *testing.T) {
	s, tallies := newSource(1000), []*tally{newTally(), newTally(), newTally()}
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("a", tallies[0].counting).Shuffle("src").Parallelism(2)
		b.Bolt("b", tallies[1].counting).Fields("src", "n").Parallelism(3)
		b.Bolt("c", tallies[2].counting).All("src").Parallelism(2)
	})
	requireOnce(t, 1000, s.acks)
	for i := range 1000 {
		require.Equal(t, 1, tallies[0].total(fmt.Sprint(i)))
		require.Equal(t, 1, tallies[1].total(fmt.Sprint(i)))
		require.Equal(t, 2, tallies[2].total(fmt.Sprint(i)))
	}
	require.EqualValues(t, 4000, of(t, w, "src").Transferred)
}

// TestOrderBetweenTwoTasks holds across streams: what one task sends another comes as it was sent.
func TestOrderBetweenTwoTasks(t *testing.T) {
	s := newSource(5000)
	s.emit = func(out *topology.SpoutCollector, i int) {
		if i%3 == 0 {
			out.Stream("third").EmitID(i, i)
			return
		}
		out.EmitID(i, i)
	}
	var got []int64
	runToEnd(t, worker.Options{BatchSize: 32, InboxBatches: 2}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n").EmitsOn("third", "n")
		b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			got = append(got, t.Int("n"))
			return nil
		})).Shuffle("src").Global("src:third")
	})
	require.Len(t, got, 5000)
	for i, n := range got {
		require.EqualValues(t, i, n)
	}
}

// TestEveryTupleOnce counts the tuples of a topology with many tasks on all levels.
func TestEveryTupleOnce(t *testing.T) {
	const tasks, records = 3, 4000
	sources := [tasks]*source{newSource(records), newSource(records), newSource(records)}
	y := newTally()
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		for i, s := range sources {
			b.Spout(fmt.Sprintf("src%d", i), s.factory).Emits("n")
		}
		b.Bolt("twice", execute(func(t *topology.Tuple, out *topology.Collector) error {
			out.Emit(t.Int("n"))
			out.Emit(t.Int("n"))
			return nil
		})).Emits("n").Parallelism(3).Shuffle("src0").Shuffle("src1").Fields("src2", "n")
		b.Bolt("sink", y.counting).Parallelism(2).Fields("twice", "n")
	})
	for _, s := range sources {
		requireOnce(t, records, s.acks)
	}
	for i := range records {
		require.Equal(t, 2*tasks, y.total(fmt.Sprint(i)))
	}
	sink := of(t, w, "sink")
	require.EqualValues(t, 2*tasks*records, sink.Acked)
	require.Zero(t, sink.LateAcks)
}
