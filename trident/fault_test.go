package trident_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// gathering is what the operators of all kinds have committed of one source.
type gathering struct {
	windows *committed[trident.Pair[string, trident.Window[int64]]]
	counted *committed[trident.Pair[string, int64]]
	sums    *committed[trident.Pair[string, int64]]
	joined  *committed[trident.Joined[string, event, event]]
	tops    *committed[event]
}

// everything declares operators of all kinds over events. f is called with each.
func everything(b *topology.Builder, events []event, f func(event)) gathering {
	trident.Configure(b, trident.BatchRecords(7))
	s := trident.Peek(trident.NewStream(b, "events", trident.Records(events)), f)
	byKey := trident.GroupBy(s, eventKey)
	update := func(_ string, old int64, _ bool, xs []event) (int64, bool) { return old + total(xs), true }
	return gathering{
		windows: commits(trident.SlidingTime(byKey, "windows", ms(10), ms(4), sumOf(), trident.EventTime(event.time, 0)).Parallelism(2).Results(), "w"),
		counted: commits(trident.SlidingCount(byKey, "counted", 5, 2, sumOneByOne()).Parallelism(2), "c"),
		sums:    commits(trident.Update(byKey, "sums", update).Parallelism(2).Updates(), "s"),
		joined:  commits(trident.Join(byKey, byKey, trident.Full).Parallelism(2), "j"),
		tops:    commits(trident.MaxBy(trident.Distinct(s, eventKey), eventNumber), "t"),
	}
}

// risingEvents are in the order of their times.
func risingEvents(n int) []event {
	events := make([]event, n)
	for i := range events {
		events[i] = event{fmt.Sprintf("k%d", i%3), int64(i * 2), int64(i)}
	}
	return events
}

// TestOperatorsHaveTheirEffectOnce runs all operators in simulated time, with tuples that are lost, doubled and late and with tasks that panic, and wants
// the results of a run without.
func TestOperatorsHaveTheirEffectOnce(t *testing.T) {
	events := risingEvents(60)
	var want gathering
	runToEnd(t, func(b *topology.Builder) { want = everything(b, events, func(event) {}) })
	require.NotEmpty(t, want.windows.all())
	for seed := uint64(1); seed <= seeds(20); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := topology.NewBuilder("faults")
			got := everything(b, events, func(event) {})
			topologytest.New(t, b, topologytest.Seed(seed), topologytest.Serialize(),
				topologytest.WithFaults(topologytest.Faults{Drop: 0.01, Duplicate: 0.02, Delay: 0.05, Panic: 0.01})).Run()
			requireSame(t, want, got)
		})
	}
}

func requireSame(t *testing.T, want, got gathering) {
	t.Helper()
	require.ElementsMatch(t, want.windows.all(), got.windows.all())
	require.ElementsMatch(t, want.counted.all(), got.counted.all())
	require.ElementsMatch(t, want.sums.all(), got.sums.all())
	require.ElementsMatch(t, want.joined.all(), got.joined.all())
	require.Equal(t, want.tops.all(), got.tops.all())
}

// TestAPanicInTheMiddleOfABatchHasNoEffect has the author's function panic once, at the fourth record of the third batch.
func TestAPanicInTheMiddleOfABatchHasNoEffect(t *testing.T) {
	events := risingEvents(60)
	var want, got gathering
	runToEnd(t, func(b *topology.Builder) { want = everything(b, events, func(event) {}) })
	var done atomic.Bool
	runToEnd(t, func(b *topology.Builder) {
		got = everything(b, events, func(e event) {
			if e.N == 17 && done.CompareAndSwap(false, true) {
				panic("once")
			}
		})
	})
	require.True(t, done.Load())
	requireSame(t, want, got)
}

// TestARecordThatAlwaysPanicsStopsCommits has batches before it committed, and none from it on; what is reported names the operator.
func TestARecordThatAlwaysPanicsStopsCommits(t *testing.T) {
	core, logs := observer.New(zap.ErrorLevel)
	changed, panics := make(chan struct{}, 1), atomic.Int64{}
	b := topology.NewBuilder("poison")
	trident.Configure(b, trident.BatchRecords(5))
	s := trident.NewStream(b, "events", trident.Records(risingEvents(30)))
	s = trident.Map(s, func(e event) event {
		if e.N == 13 {
			panics.Add(1)
			select {
			case changed <- struct{}{}:
			default:
			}
			panic("poison")
		}
		return e
	}).Named("bites")
	got := commits(s, "got")
	stop := startWith(t, b, worker.Options{SerializeEveryHop: true, Log: zap.New(core)})
	eventually(t, changed, func() bool { return panics.Load() >= 4 })
	stop()
	require.Equal(t, risingEvents(10), got.all())
	require.True(t, slices.ContainsFunc(logs.All(), func(e observer.LoggedEntry) bool {
		err, _ := e.ContextMap()["error"].(string)
		return strings.HasPrefix(err, `operator "bites": panic: poison, at `)
	}), "%v", logs.All())
}

// TestWindowsGoOnWhereALogEnds runs half of the events, as a topology that is killed does, and then all of them over the same log: with other
// parallelism.
func TestWindowsGoOnWhereALogEnds(t *testing.T) {
	log := changelog.Memory()
	open := trident.InLog(func(string) (changelog.Log, error) { return kept{log}, nil })
	records := risingEvents(40)
	records[21] = event{"k0", 1, 1000} // late, as only what the state has kept can tell in the second run
	got := newCommitted[trident.Pair[string, trident.Window[int64]]]()
	windows := func(b *topology.Builder, s trident.Stream[event], tasks int) {
		trident.Configure(b, open, trident.BatchRecords(3))
		w := trident.SlidingTime(trident.GroupBy(s, eventKey), "windows", ms(10), ms(4), sumOf(), trident.EventTime(event.time, 0)).Parallelism(tasks)
		trident.PartitionPersist(w.Results(), "w", got)
	}
	feed := trident.NewFeed[event](1, 100)
	changed := make(chan struct{}, 1)
	b := topology.NewBuilder("operators") // as runToEnd has it: it is part of what a sink knows its partitions by
	windows(b, trident.NewStream[event](b, "events", feed), 3)
	got.changed = changed
	stop := start(t, b)
	_, err := feed.Send(t.Context(), 0, records[:20]...)
	require.NoError(t, err)
	// 19 is the last, at 38 ms: what ends by then closes. Key k1, the last's, has a window until 38.
	eventually(t, changed, func() bool {
		return slices.ContainsFunc(got.all(), func(p trident.Pair[string, trident.Window[int64]]) bool { return p.Value.End.Equal(time.UnixMilli(38)) })
	})
	stop()
	runToEnd(t, func(b *topology.Builder) { windows(b, trident.NewStream(b, "events", trident.Records(records)), 2) })
	var want *committed[trident.Pair[string, trident.Window[int64]]]
	runToEnd(t, func(b *topology.Builder) {
		trident.Configure(b, trident.BatchRecords(3))
		s := trident.NewStream(b, "events", trident.Records(records))
		want = commits(trident.SlidingTime(trident.GroupBy(s, eventKey), "windows", ms(10), ms(4), sumOf(), trident.EventTime(event.time, 0)).Results(), "w")
	})
	require.ElementsMatch(t, want.all(), got.all())
}

// kept is a log that outlives its topology.
type kept struct{ changelog.Log }

func (kept) Close() error { return nil }

// TestAPanicInAKeyNamesItsOperator looks at functions that run in the tasks before an operator.
func TestAPanicInAKeyNamesItsOperator(t *testing.T) {
	bad := func(event) string { panic("no key") }
	for name, declare := range map[string]func(s trident.Stream[event]){
		"counts": func(s trident.Stream[event]) {
			trident.PersistentAggregate(trident.GroupBy(s, bad), "counts", trident.Count[event]())
		},
		"sums": func(s trident.Stream[event]) {
			trident.Update(trident.GroupBy(s, bad), "sums", func(string, int64, bool, []event) (int64, bool) { return 0, true }).Parallelism(2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			core, logs := observer.New(zap.ErrorLevel)
			changed := make(chan struct{}, 1)
			b := topology.NewBuilder("keys")
			s := trident.NewStream(b, "events", trident.Records(risingEvents(3)))
			declare(trident.Peek(s, func(event) {
				select {
				case changed <- struct{}{}:
				default:
				}
			}))
			stop := startWith(t, b, worker.Options{Log: zap.New(core)})
			reported := func() bool {
				return slices.ContainsFunc(logs.All(), func(e observer.LoggedEntry) bool {
					err, _ := e.ContextMap()["error"].(string)
					return strings.HasPrefix(err, fmt.Sprintf("operator %q: panic: no key, at ", name)) && strings.Contains(err, "fault_test.go:")
				})
			}
			eventually(t, changed, reported)
			stop()
		})
	}
}
