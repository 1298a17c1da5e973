package trident_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

// problems builds a topology, and returns what is wrong with it.
func problems(declare func(b *topology.Builder, s trident.Stream[item])) string {
	b := topology.NewBuilder("mistakes")
	declare(b, trident.NewStream(b, "items", trident.Records(items(3, 3))))
	_, err := b.Build()
	return fmt.Sprint(err)
}

type declaration = func(b *topology.Builder, s trident.Stream[item])

// badKey can't be a key: what it points to is another elsewhere.
type badKey struct{ P *int }

// badValue can't travel, nor be kept.
type badValue struct{ F func() }

// halved is an aggregator in parts that has a last word.
type halved struct{ trident.Combiner[item, int64] }

func (h halved) Parts() trident.Parts[item, int64] {
	p := h.Combiner.Parts()
	p.Done = func(n int64) int64 { return n / 2 }
	return p
}

func counts(s trident.Stream[item], name string) trident.Table[string, int64] {
	return trident.PersistentAggregate(trident.GroupBy(s, keyOf), name, trident.Count[item]())
}

// TestMistakesAreFoundWhenTheTopologyIsBuilt wants one problem for each, with the name of its operator.
func TestMistakesAreFoundWhenTheTopologyIsBuilt(t *testing.T) {
	for want, declare := range map[string]declaration{
		`map-1: it has no function`: func(_ *topology.Builder, s trident.Stream[item]) { trident.Map[item, int](s, nil) },
		`flatmap-1: it has no function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.FlatMap[item](s, (func(item) iter.Seq[int])(nil))
		},
		`filter-1: it has no function`: func(_ *topology.Builder, s trident.Stream[item]) { trident.Filter(s, nil) },
		`peek-1: it has no function`:   func(_ *topology.Builder, s trident.Stream[item]) { trident.Peek(s, nil) },
		`branch-1: its function 1 is nil`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Branch(s, func(item) bool { return true }, nil)
		},
		`items: MinBy has no function`:       func(_ *topology.Builder, s trident.Stream[item]) { trident.MinBy[item, int](s, nil) },
		`items: MaxBy has no function`:       func(_ *topology.Builder, s trident.Stream[item]) { trident.MaxBy[item, int](s, nil) },
		`items: FirstN is to give 0 records`: func(_ *topology.Builder, s trident.Stream[item]) { trident.FirstN(s, 0) },
		`items: FirstNBy has no function`:    func(_ *topology.Builder, s trident.Stream[item]) { trident.FirstNBy(s, 1, nil) },
		`items: Distinct has no function`:    func(_ *topology.Builder, s trident.Stream[item]) { trident.Distinct[item, int](s, nil) },
		`items: GroupBy has no function`:     func(_ *topology.Builder, s trident.Stream[item]) { trident.GroupBy[item, int](s, nil) },
		`spreads: its aggregator has a last word for each batch`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregate(trident.GroupBy(s, keyOf), "spreads", spread())
		},
		`spread: its aggregator has a last word for each batch`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregateAll(s, "spread", trident.Both[item](trident.Count[item](), spread()))
		},
		`average: its aggregator has a last word for each batch`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregateAll(s, "average", halved{trident.Count[item]()})
		},
		`sums: Update has no function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Update[string, item, int](trident.GroupBy(s, keyOf), "sums", nil)
		},
		`join-1: there is no join of kind 9`: func(_ *topology.Builder, s trident.Stream[item]) {
			g := trident.GroupBy(s, keyOf)
			trident.Join(g, g, 9)
		},
		`items: its parallelism is 0; it must be at least 1`: func(_ *topology.Builder, s trident.Stream[item]) { s.Parallelism(0) },
		`top: it is the work of one task, and 2 are wanted`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.MaxBy(s, valueOf).Named("top").Parallelism(2)
		},
		`counts: there is another source, state or sink of the name`: func(_ *topology.Builder, s trident.Stream[item]) {
			counts(s, "counts")
			trident.PartitionPersist[item](s, "counts", newCommitted[item]())
		},
		`items: there is another source, state or sink of the name`: func(b *topology.Builder, _ trident.Stream[item]) {
			trident.NewStream(b, "items", trident.Records([]int{1}))
		},
		`more: there is no source`:                  func(b *topology.Builder, _ trident.Stream[item]) { trident.NewStream[int](b, "more", nil) },
		`out: there is no sink`:                     func(_ *topology.Builder, s trident.Stream[item]) { trident.PartitionPersist(s, "out", nil) },
		`state-1: the state has no name`:            func(_ *topology.Builder, s trident.Stream[item]) { counts(s, "") },
		`no name: the state's name:`:                func(_ *topology.Builder, s trident.Stream[item]) { counts(s, "no name") },
		`map-1: its name:`:                          func(_ *topology.Builder, s trident.Stream[item]) { trident.Map(s, keyOf).Named("no name") },
		`counts: it has a name, and can't be given`: func(_ *topology.Builder, s trident.Stream[item]) { counts(s, "counts").Updates().Named("other") },
		`P: a ptr can't be part of a key`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.GroupBy(s, func(item) badKey { return badKey{} })
		},
		`F: a func can't be encoded`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Repartition(trident.Map(s, func(item) badValue { return badValue{} }), trident.Shuffle[badValue]())
		},
		`counts: its values are to live for 1ns; it must be at least a millisecond`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregate(trident.GroupBy(s, keyOf), "counts", trident.Count[item](), trident.TTL(1))
		},
		`key-1: ByKey has no function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Repartition(s, trident.ByKey[item, string](nil))
		},
		`key-1: its key: type trident_test.badKey: P: a ptr can't be part of a key`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Repartition(s, trident.ByKey(func(item) badKey { return badKey{} }))
		},
		`custom-1: Custom has no function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Repartition(s, trident.Custom[item](nil))
		},
		`repartition-1: it isn't said how`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Repartition(s, trident.Partitioning[item]{})
		},
		`items: AggregateAll: there is no aggregator`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.AggregateAll[item, int](s, nil)
		},
		`items: PartitionAggregate: there is no aggregator`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PartitionAggregate[item, int](s, nil)
		},
		`items: Aggregate: there is no aggregator`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Aggregate[string, item, int](trident.GroupBy(s, keyOf), nil)
		},
		`sums: PersistentAggregate: there is no aggregator`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregate[string, item, int](trident.GroupBy(s, keyOf), "sums", nil)
		},
		`sums: windows: there is no aggregator`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.TumblingTimeAll[item, int](s, "sums", time.Second, nil)
		},
		`items: Aggregate: its aggregator lacks a function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Aggregate(trident.GroupBy(s, keyOf), trident.Both[item](trident.Count[item](), trident.Sum[item, int64](nil)))
		},
		`pairs: PersistentAggregate: its aggregator lacks a function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregateAll(s, "pairs", trident.Both[item, int64, int64](nil, trident.Count[item]()))
		},
		`merge-1: one of its inputs is a zero Stream`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Merge(trident.Stream[item]{}, s)
		},
		`join-1: one of its inputs is a zero Stream`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Join(trident.GroupBy(s, keyOf), trident.Grouped[string, item]{}, trident.Inner)
		},
		`cogroup-1: one of its inputs is a zero Stream`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.CoGroup(trident.Grouped[string, item]{}, trident.GroupBy(s, keyOf))
		},
		`statequery-1: its table or value is of no topology`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.StateQuery(s, trident.Table[string, int]{}, keyOf, func(item, int, bool) int { return 0 })
		},
		`statequery-2: its table or value is of no topology`: func(_ *topology.Builder, s trident.Stream[item]) {
			of := trident.PersistentAggregateAll(s, "count", trident.Count[item]())
			was := trident.ValueQuery(s, of, func(x item, _ int64, _ bool) item { return x })
			trident.ValueQuery(was, trident.Value[int]{}, func(item, int, bool) int { return 0 })
		},
		`statequery-1: it lacks a function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.ValueQuery[item, int64, int](s, trident.PersistentAggregateAll(s, "count", trident.Count[item]()), nil)
		},
		`items: AggregateAll: its aggregator lacks a function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.AggregateAll(s, trident.Sum[item, int64](nil))
		},
		`sums: PersistentAggregate: its aggregator lacks a function`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.PersistentAggregateAll(s, "sums", trident.Combiner[item, int]{})
		},
		`asked: a query's records are never committed`: func(b *topology.Builder, _ trident.Stream[item]) {
			q := trident.NewQuery(b, "questions")
			trident.Answer(q)
			trident.PersistentAggregateAll(q, "asked", trident.Count[string]())
		},
		`merge-1: its inputs are of two topologies`: func(_ *topology.Builder, s trident.Stream[item]) {
			trident.Merge(s, trident.NewStream(topology.NewBuilder("other"), "items", trident.Records(items(3, 3))))
		},
		`join-1: "query.questions.arguments" and "the streams of sources" have no batches in common`: func(b *topology.Builder, s trident.Stream[item]) {
			q := trident.NewQuery(b, "questions")
			trident.Answer(q)
			trident.Join(trident.GroupBy(s, keyOf), trident.GroupBy(q, strings.ToLower), trident.Inner)
		},
	} {
		t.Run(want, func(t *testing.T) {
			text := problems(declare)
			require.Contains(t, text, want)
			require.NotContains(t, text, "problems", "there should be one")
		})
	}
}

// TestOperatorsOfNoTopologyPanicWithTheirName has no topology that could be told of the mistake when it is built.
func TestOperatorsOfNoTopologyPanicWithTheirName(t *testing.T) {
	var none trident.Stream[item]
	group := trident.Grouped[string, item]{}
	is := func(item) bool { return true }
	for name, declare := range map[string]func(){
		"map":                 func() { trident.Map(none, keyOf) },
		"filter":              func() { trident.Filter(none, is) },
		"branch":              func() { trident.Branch(none, is) },
		"Parallelism":         func() { none.Parallelism(2) },
		"Named":               func() { none.Named("none") },
		"Repartition":         func() { trident.Repartition(none, trident.Shuffle[item]()) },
		"Merge of 0 streams":  func() { trident.Merge[item]() },
		"Merge of 2 streams":  func() { trident.Merge(none, none) },
		"GroupBy":             func() { trident.GroupBy(none, keyOf) },
		"Aggregate":           func() { trident.Aggregate(group, trident.Count[item]()) },
		"AggregateAll":        func() { trident.AggregateAll(none, trident.Count[item]()) },
		"PartitionAggregate":  func() { trident.PartitionAggregate(none, trident.Count[item]()) },
		"PersistentAggregate": func() { trident.PersistentAggregate(group, "none", trident.Count[item]()) },
		"Update":              func() { trident.Update[string, item, int](group, "none", nil) },
		"MinBy":               func() { trident.MinBy(none, valueOf) },
		"FirstN":              func() { trident.FirstN(none, 1) },
		"FirstNBy":            func() { trident.FirstNBy(none, 1, nil) },
		"Distinct":            func() { trident.Distinct(none, keyOf) },
		"join":                func() { trident.Join(group, group, trident.Inner) },
		"StateQuery":          func() { trident.StateQuery[item, string, int, int](none, trident.Table[string, int]{}, keyOf, nil) },
		"peek":                func() { trident.Peek(trident.Windows[item, item]{}.Late(), func(item) {}) },
		"SlidingCount":        func() { trident.TumblingCount(group, "none", 1, trident.Count[item]()) },
		"SlidingTime":         func() { trident.TumblingTime(group, "none", time.Second, trident.Count[item]()) },
		"Answer":              func() { trident.Answer(none) },
		"PartitionPersist":    func() { trident.PartitionPersist[item](none, "none", newCommitted[item]()) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { require.Contains(t, fmt.Sprint(recover()), "trident: "+name) }()
			declare()
		})
	}
}

func TestMistakesOfWindowsAreFoundWhenTheTopologyIsBuilt(t *testing.T) {
	byCount := func(n, every int) declaration {
		return func(_ *topology.Builder, s trident.Stream[item]) {
			trident.SlidingCount(trident.GroupBy(s, keyOf), "windows", n, every, trident.Count[item]())
		}
	}
	byTime := func(d, every time.Duration, options ...trident.WindowOption) declaration {
		return func(_ *topology.Builder, s trident.Stream[item]) {
			trident.SlidingTime(trident.GroupBy(s, keyOf), "windows", d, every, trident.Count[item](), options...)
		}
	}
	now := func(item) time.Time { return time.Time{} }
	for want, declare := range map[string]declaration{
		"its windows are of 0 every 0":    byCount(0, 0),
		"its windows are of 3 every -1":   byCount(3, -1),
		"what falls between them":         byCount(3, 4),
		"and so of 9999 pieces":           byCount(9999, 1000),
		"both must be whole milliseconds": byTime(1500*time.Microsecond, time.Millisecond),
		"EventTime has no function":       byTime(time.Second, time.Second, trident.EventTime[item](nil, 0)),
		"EventTime has a func(int) time.Time, and the records are of type trident_test.item": byTime(time.Second, time.Second,
			trident.EventTime(func(int) time.Time { return time.Time{} }, 0)),
		"windows can't have a TTL": byTime(time.Second, time.Second, trident.TTL(time.Hour)),
		"windows can't have a TTL: what they hold": func(_ *topology.Builder, s trident.Stream[item]) {
			trident.TumblingCountAll(s, "windows", 2, trident.Count[item](), trident.TTL(time.Hour))
		},
		"its lateness is -1s": byTime(time.Second, time.Second, trident.EventTime(now, -time.Second)),
		"it can have 64 tasks, and 65 are": func(b *topology.Builder, s trident.Stream[item]) {
			trident.TumblingTime(trident.GroupBy(s, keyOf), "windows", time.Second, trident.Count[item]()).Parallelism(65)
		},
		"it is the work of one task": func(b *topology.Builder, s trident.Stream[item]) {
			trident.TumblingCountAll(s, "windows", 2, trident.Count[item]()).Parallelism(2)
		},
		"its aggregator lacks a function": func(b *topology.Builder, s trident.Stream[item]) {
			trident.TumblingCountAll(s, "windows", 2, trident.Combiner[item, int]{})
		},
		"there is another source, state or sink of the name": func(b *topology.Builder, s trident.Stream[item]) {
			trident.TumblingCountAll(s, "windows", 2, trident.Count[item]())
			counts(s, "windows")
		},
	} {
		t.Run(want, func(t *testing.T) {
			text := problems(declare)
			require.Contains(t, text, want)
			require.Contains(t, text, "windows: ")
			require.NotContains(t, text, "problems", "there should be one")
		})
	}
}

// kinded is a source or sink of a kind.
type kinded struct {
	trident.Source[item]
	kind trident.Kind
}

func (k kinded) Kind() trident.Kind { return k.kind }

type kindedSink struct {
	*committed[item]
	kind trident.Kind
}

func (k kindedSink) Kind() trident.Kind { return k.kind }

// TestOnlyExactlyOnceIsBuilt holds Storm's table of what sources and states go together.
func TestOnlyExactlyOnceIsBuilt(t *testing.T) {
	kinds := []trident.Kind{trident.NonTransactional, trident.Transactional, trident.Opaque}
	table := [3][3]bool{{false, false, false}, {false, true, true}, {false, false, true}} // by source, then by sink
	for i, source := range kinds {
		for j, sink := range kinds {
			t.Run(fmt.Sprintf("%v to %v", source, sink), func(t *testing.T) {
				text := kindedProblems(source, sink)
				if table[i][j] {
					require.Equal(t, "<nil>", text)
					return
				}
				require.Contains(t, text, fmt.Sprintf(`out: a sink that is %v can't be exactly-once with source "items", which is %v`, sink, source))
				require.Equal(t, "<nil>", kindedProblems(source, sink, trident.AllowDuplicates()))
			})
		}
	}
}

func kindedProblems(source, sink trident.Kind, options ...trident.SinkOption) string {
	b := topology.NewBuilder("kinds")
	s := trident.NewStream[item](b, "items", kinded{trident.Records(items(3, 3)), source})
	trident.PartitionPersist[item](s, "out", kindedSink{newCommitted[item](), sink}, options...)
	_, err := b.Build()
	return fmt.Sprint(err)
}

func TestAStateOfASourceThatForgetsIsRefused(t *testing.T) {
	for kind, want := range map[trident.Kind]string{
		trident.NonTransactional: `counts: no state can be exactly-once with source "items", which is non-transactional`,
		trident.Transactional:    "<nil>", trident.Opaque: "<nil>",
	} {
		b := topology.NewBuilder("kinds")
		counts(trident.NewStream[item](b, "items", kinded{trident.Records(items(3, 3)), kind}), "counts")
		_, err := b.Build()
		require.Contains(t, fmt.Sprint(err), want)
	}
}

// TestWindowsOfASourceThatForgetsNeedTheirAuthorsWord wants it of windows as of every state.
func TestWindowsOfASourceThatForgetsNeedTheirAuthorsWord(t *testing.T) {
	byKey := func(s trident.Stream[item]) trident.Grouped[string, item] { return trident.GroupBy(s, keyOf) }
	count := trident.Count[item]()
	for name, declare := range map[string]func(s trident.Stream[item], allowed []trident.StateOption){
		"TumblingCount": func(s trident.Stream[item], o []trident.StateOption) {
			trident.TumblingCount(byKey(s), "w", 2, count, o...)
		},
		"SlidingCountAll": func(s trident.Stream[item], o []trident.StateOption) {
			trident.SlidingCountAll(s, "w", 2, 1, count, o...)
		},
		"TumblingCountAll": func(s trident.Stream[item], o []trident.StateOption) {
			trident.TumblingCountAll(s, "w", 2, count, o...)
		},
		"TumblingTime": func(s trident.Stream[item], o []trident.StateOption) {
			trident.TumblingTime(byKey(s), "w", time.Second, count, ofWindows(o)...)
		},
		"TumblingTimeAll": func(s trident.Stream[item], o []trident.StateOption) {
			trident.TumblingTimeAll(s, "w", time.Second, count, ofWindows(o)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(allowed ...trident.StateOption) error {
				b := topology.NewBuilder("kinds")
				declare(trident.NewStream[item](b, "items", kinded{trident.Records(items(3, 3)), trident.NonTransactional}), allowed)
				_, err := b.Build()
				return err
			}
			require.ErrorContains(t, build(), `w: no state can be exactly-once with source "items"`)
			require.NoError(t, build(trident.AllowDuplicates()))
		})
	}
}

// ofWindows are options of states as those of windows by time.
func ofWindows(options []trident.StateOption) (all []trident.WindowOption) {
	for _, o := range options {
		all = append(all, o)
	}
	return all
}
