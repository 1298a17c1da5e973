package trident_test

import (
	"encoding"
	"slices"
	"sync"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// spread is the difference of the greatest and the least, made with a last word.
func spread() trident.Folding[item, []int64] {
	return trident.Folding[item, []int64]{
		Init: func() []int64 { return nil },
		Fold: func(a []int64, x item) []int64 { return append(a, x.Value) },
		Complete: func(a []int64) []int64 {
			if len(a) == 0 {
				return nil
			}
			return []int64{slices.Max(a) - slices.Min(a)}
		},
	}
}

// four is what four chained aggregators give.
type four = trident.Two[trident.Two[int64, int64], trident.Two[int64, int64]]

func chained() trident.Aggregator[item, four] {
	return trident.Both(
		trident.Both[item](trident.Count[item](), trident.Sum(valueOf)),
		trident.Both[item](trident.Min(valueOf), trident.Max(valueOf)))
}

func fourOf(xs []item) four {
	var f four
	f.Second.First = xs[0].Value
	for _, x := range xs {
		f.First.First++
		f.First.Second += x.Value
		f.Second.First, f.Second.Second = min(f.Second.First, x.Value), max(f.Second.Second, x.Value)
	}
	return f
}

func byKeyIn(xs []item) map[string][]item {
	groups := map[string][]item{}
	for _, x := range xs {
		groups[x.Key] = append(groups[x.Key], x)
	}
	return groups
}

func asMap[V any](pairs []trident.Pair[string, V]) map[string]V {
	m := map[string]V{}
	for _, p := range pairs {
		m[p.Key] = p.Value
	}
	return m
}

func TestAggregatesAreOfTheGroupsOfEachBatch(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		inParts := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[trident.Pair[string, four]] {
			return trident.Aggregate(trident.GroupBy(s, keyOf), chained()).Parallelism(sh.behind)
		})
		atOnce := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[trident.Pair[string, []int64]] {
			return trident.Aggregate(trident.GroupBy(s, keyOf), spread()).Parallelism(sh.behind)
		})
		for i, batch := range inBatches(sh, records) {
			groups := byKeyIn(batch)
			require.Len(t, inParts[i], len(groups))
			require.Len(t, atOnce[i], len(groups))
			for key, xs := range groups {
				f := fourOf(xs)
				require.Equal(t, f, asMap(inParts[i])[key])
				require.Equal(t, []int64{f.Second.Second - f.Second.First}, asMap(atOnce[i])[key])
			}
		}
	})
}

func TestAggregateAllIsOfEachBatch(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		inParts := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[four] { return trident.AggregateAll(s, chained()) })
		partial := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[int64] {
			return trident.PartitionAggregate(s, trident.Count[item]())
		})
		batches := inBatches(sh, records)
		require.Len(t, inParts, len(batches))
		for i, batch := range batches {
			require.Equal(t, []four{fourOf(batch)}, inParts[i])
			require.Len(t, partial[i], min(sh.before, len(batch)))
			require.EqualValues(t, len(batch), sumOfAll(partial[i]))
		}
	})
}

func sumOfAll(xs []int64) (sum int64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// TestAnEmptyBatchHasAnAggregateOfNothing has it once, in however many tasks the stream was before.
func TestAnEmptyBatchHasAnAggregateOfNothing(t *testing.T) {
	for _, tasks := range []int{1, 3} {
		got := through(t, shape{batch: 10, before: tasks}, []item(nil), func(s trident.Stream[item]) trident.Stream[int64] {
			return trident.AggregateAll(s, trident.Count[item]())
		})
		require.NotEmpty(t, got)
		for _, batch := range got {
			require.Equal(t, []int64{0}, batch)
		}
		none := through(t, shape{batch: 10, before: tasks}, []item(nil), func(s trident.Stream[item]) trident.Stream[int64] {
			return trident.AggregateAll(s, trident.Max(valueOf))
		})
		require.Empty(t, none, "there is no greatest of nothing")
	}
}

func TestPersistentAggregatesAreOfAllBatches(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		inParts := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[trident.Pair[string, four]] {
			return trident.PersistentAggregate(trident.GroupBy(s, keyOf), "chained", chained()).Parallelism(sh.behind).Updates()
		})
		whole := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[int64] {
			return trident.PersistentAggregateAll(s, "count", trident.Count[item]()).Updates()
		})
		for i, batch := range inBatches(sh, records) {
			soFar := records[:min((i+1)*sh.batch, len(records))]
			require.Equal(t, []int64{int64(len(soFar))}, whole[i])
			want := map[string]four{}
			for key := range keysIn(batch) {
				want[key] = fourOf(byKeyIn(soFar)[key])
			}
			require.Equal(t, want, asMap(inParts[i]))
		}
	})
}

// traffic counts the bytes that a component emits.
type traffic struct {
	mu sync.Mutex
	of map[string]int
}

func (c *traffic) Emitted(_ topology.TaskID, s *topology.Stream, values []topology.Value) {
	b, err := values[0].Any().(encoding.BinaryMarshaler).MarshalBinary()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[s.Component] += len(b); err != nil {
		c.of[s.Component] = -1
	}
}
func (c *traffic) Executed(topology.TaskID, *topology.Tuple, error) {}
func (c *traffic) Completed(topology.TaskID, any, error)            {}

// TestAggregatesAreMadeBeforeTheHop looks at what a source's tasks send for 20,000 records of nine keys: the records themselves only where aggregates can't be combined.
func TestAggregatesAreMadeBeforeTheHop(t *testing.T) {
	sent := func(a trident.Aggregator[item, int64]) int {
		c := &traffic{of: map[string]int{}}
		runToEndWith(t, worker.Options{SerializeEveryHop: true, Observer: c}, func(b *topology.Builder) {
			s := trident.NewStream(b, "items", trident.Records(items(20000, 9)))
			trident.PersistentAggregate(trident.GroupBy(s, keyOf), "state", a).Parallelism(2)
		})
		return c.of["items"]
	}
	one := trident.Reducer[item, int64]{Zero: func() int64 { return 0 }, Reduce: func(a int64, x item) int64 { return a + x.Value }}
	require.Greater(t, sent(one), 20000*5)
	inParts := sent(trident.Sum(valueOf))
	require.Positive(t, inParts)
	require.Less(t, inParts, 20000)
}

// TestAFoldingWithoutALastWordIsKept has a table's updates and those who look it up see the same.
func TestAFoldingWithoutALastWordIsKept(t *testing.T) {
	values := spread()
	values.Complete = nil
	type seen struct {
		By     string
		Values []int64
	}
	records := []item{{1, "a", 5}, {2, "b", 7}, {3, "a", 6}}
	got := through(t, shape{batch: 2, before: 1}, records, func(s trident.Stream[item]) trident.Stream[seen] {
		kept := trident.PersistentAggregate(trident.GroupBy(s, keyOf), "values", values)
		updates := trident.Map(kept.Updates(), func(p trident.Pair[string, []int64]) seen { return seen{"update", p.Value} })
		lookups := trident.StateQuery(s, kept, keyOf, func(_ item, v []int64, _ bool) seen { return seen{"lookup", v} })
		return trident.Merge(updates, lookups)
	})
	require.Len(t, got, 2)
	require.ElementsMatch(t, []seen{{"update", []int64{5}}, {"update", []int64{7}}, {"lookup", []int64{5}}, {"lookup", []int64{7}}}, got[0])
	require.ElementsMatch(t, []seen{{"update", []int64{5, 6}}, {"lookup", []int64{5, 6}}}, got[1])
}
