package trident_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// item is a record of these tests.
type item struct {
	ID    int
	Key   string
	Value int64
}

func items(n, keys int) []item {
	xs := make([]item, n)
	for i := range xs {
		xs[i] = item{i, fmt.Sprintf("k%d", i*7%keys), int64(i * 31 % 17)}
	}
	return xs
}

func keyOf(x item) string  { return x.Key }
func valueOf(x item) int64 { return x.Value }

func byID(a, b item) int { return cmp.Compare(a.ID, b.ID) }

// inShapes runs a test in each shape, over so many records that some batches are full and one is not.
func inShapes(t *testing.T, test func(t *testing.T, sh shape, records []item)) {
	for _, sh := range shapes {
		t.Run(fmt.Sprintf("%d a batch, %d to %d tasks", sh.batch, sh.before, sh.behind), func(t *testing.T) {
			test(t, sh, items(min(30*sh.batch, 2500)+sh.batch/2, 9))
		})
	}
}

// each batch as a model says, batches without results left out.
func modelled[T, R any](batches [][]T, model func(batch []T) []R) (want [][]R) {
	for _, b := range batches {
		if r := model(b); len(r) > 0 {
			want = append(want, r)
		}
	}
	return want
}

func TestMapsFiltersAndPeeks(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[string] {
			odd := trident.Filter(trident.Peek(s, func(item) {}), func(x item) bool { return x.ID%2 == 1 })
			lines := trident.Map(odd, func(x item) string { return strings.Repeat(x.Key+" ", int(x.Value)) })
			return trident.FlatMap(lines, strings.FieldsSeq)
		})
		want := modelled(inBatches(sh, records), func(batch []item) (words []string) {
			for _, x := range batch {
				if x.ID%2 == 1 {
					words = append(words, slices.Repeat([]string{x.Key}, int(x.Value))...)
				}
			}
			return words
		})
		require.Equal(t, sorted(want, cmp.Compare), sorted(got, cmp.Compare))
	})
}

func TestMinByAndMaxByGiveOneRecordABatch(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		lows := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[item] { return trident.MinBy(s, valueOf) })
		highs := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[item] { return trident.MaxBy(s, valueOf) })
		batches := inBatches(sh, records)
		require.Len(t, lows, len(batches))
		require.Len(t, highs, len(batches))
		for i, batch := range batches {
			require.Len(t, lows[i], 1)
			require.Len(t, highs[i], 1)
			require.Contains(t, batch, lows[i][0])
			require.Contains(t, batch, highs[i][0])
			require.Equal(t, slices.MinFunc(batch, byValue).Value, lows[i][0].Value)
			require.Equal(t, slices.MaxFunc(batch, byValue).Value, highs[i][0].Value)
		}
	})
}

func byValue(a, b item) int { return cmp.Compare(a.Value, b.Value) }

func TestOfEqualRecordsTheFirstIsTheBest(t *testing.T) {
	sh := shape{batch: 100, before: 1}
	records := []item{{1, "a", 5}, {2, "b", 5}, {3, "c", 5}}
	for _, by := range []func(trident.Stream[item], func(item) int64) trident.Stream[item]{trident.MinBy[item, int64], trident.MaxBy[item, int64]} {
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[item] { return by(s, valueOf) })
		require.Equal(t, [][]item{{records[0]}}, got)
	}
}

func TestFirstNGivesSoManyOfEachBatch(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[item] { return trident.FirstN(s, 5) })
		batches := inBatches(sh, records)
		require.Len(t, got, len(batches))
		for i, batch := range batches {
			require.Len(t, got[i], min(5, len(batch)))
			require.Subset(t, batch, got[i])
			require.Len(t, distinctIDs(got[i]), len(got[i]))
			if sh.before == 1 {
				require.Equal(t, batch[:len(got[i])], got[i])
			}
		}
	})
}

func distinctIDs(xs []item) map[int]bool {
	ids := map[int]bool{}
	for _, x := range xs {
		ids[x.ID] = true
	}
	return ids
}

func TestFirstNBySortsEachBatch(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[item] {
			return trident.FirstNBy(s, 4, func(a, b item) bool { return cmp.Or(byValue(a, b), byID(a, b)) < 0 })
		})
		want := modelled(inBatches(sh, records), func(batch []item) []item {
			batch = slices.Clone(batch)
			slices.SortFunc(batch, func(a, b item) int { return cmp.Or(byValue(a, b), byID(a, b)) })
			return batch[:min(4, len(batch))]
		})
		require.Equal(t, want, got)
	})
}

func TestDistinctKeepsOneRecordOfAKeyInEachBatch(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[item] {
			return trident.Distinct(s, keyOf).Parallelism(sh.behind)
		})
		batches := inBatches(sh, records)
		require.Len(t, got, len(batches))
		for i, batch := range batches {
			require.Subset(t, batch, got[i])
			require.Equal(t, keysIn(batch), keysIn(got[i]))
			require.Len(t, got[i], len(keysIn(got[i])))
		}
	})
}

func keysIn(xs []item) map[string]bool {
	keys := map[string]bool{}
	for _, x := range xs {
		keys[x.Key] = true
	}
	return keys
}

func TestBranchGivesEachRecordToTheFirstThatTakesIt(t *testing.T) {
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		of := []func(item) bool{func(x item) bool { return x.Value%2 == 0 }, func(x item) bool { return x.Value%3 == 0 }}
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[trident.Pair[int, int]] {
			var all []trident.Stream[trident.Pair[int, int]]
			for i, s := range trident.Branch(s, of...) {
				all = append(all, trident.Map(s, func(x item) trident.Pair[int, int] { return trident.Pair[int, int]{Key: i, Value: x.ID} }))
			}
			return trident.Merge(all...).Parallelism(sh.behind)
		})
		want := modelled(inBatches(sh, records), func(batch []item) (pairs []trident.Pair[int, int]) {
			for _, x := range batch {
				i := slices.IndexFunc(of, func(f func(item) bool) bool { return f(x) })
				if i < 0 {
					i = len(of)
				}
				pairs = append(pairs, trident.Pair[int, int]{Key: i, Value: x.ID})
			}
			return pairs
		})
		require.Equal(t, sorted(want, byKeyThenValue[int, int]), sorted(got, byKeyThenValue[int, int]))
	})
}

func TestRepartitionsGiveEachTaskItsShare(t *testing.T) {
	records := items(1500, 9)
	for name, c := range map[string]struct {
		how           trident.Partitioning[item]
		copies, tasks int
	}{
		"shuffle":      {trident.Shuffle[item](), 1, 3},
		"broadcast":    {trident.Broadcast[item](), 3, 3},
		"global":       {trident.Global[item](), 1, 1},
		"batch-global": {trident.BatchGlobal[item](), 1, 3},
		"by key":       {trident.ByKey(keyOf), 1, 3},
		"custom":       {trident.Custom(func(x item, tasks int) int { return x.ID % tasks }), 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var got *committed[item]
			runToEnd(t, func(b *topology.Builder) {
				trident.Configure(b, trident.BatchRecords(500))
				s := trident.Repartition(trident.NewStream(b, "records", trident.Records(records)), inTurns[item]()).Parallelism(2)
				got = commits(trident.Repartition(s, c.how).Parallelism(3), "results")
			})
			require.ElementsMatch(t, slices.Repeat(records, c.copies), got.all())
			require.Equal(t, c.tasks, got.tasks())
		})
	}
}

// TestUpdateKeepsWhatItsFunctionSays holds Update against a map, in batches and with deletes.
func TestUpdateKeepsWhatItsFunctionSays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sh := shape{rapid.IntRange(1, 20).Draw(r, "batch"), rapid.IntRange(1, 3).Draw(r, "before"), rapid.IntRange(1, 4).Draw(r, "behind")}
		records := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) item {
			return item{Key: rapid.SampledFrom([]string{"", "a", "b", "c", "d\x00"}).Draw(r, "key"), Value: rapid.Int64Range(0, 9).Draw(r, "value")}
		}), 0, 60).Draw(r, "records")
		// a value that ends in 7 or more goes: the key begins anew
		f := func(_ string, old int64, _ bool, xs []item) (int64, bool) {
			for _, x := range xs {
				old += x.Value
			}
			return old, old%10 < 7
		}
		got := through(r, sh, records, func(s trident.Stream[item]) trident.Stream[trident.Pair[string, int64]] {
			return trident.Update(trident.GroupBy(s, keyOf), "sums", f).Parallelism(sh.behind).Updates()
		})
		sums := map[string]int64{}
		want := modelled(inBatches(sh, records), func(batch []item) (pairs []trident.Pair[string, int64]) {
			for key := range keysIn(batch) {
				var ofKey []item
				for _, x := range batch {
					if x.Key == key {
						ofKey = append(ofKey, x)
					}
				}
				sum, keep := f(key, sums[key], true, ofKey)
				if delete(sums, key); keep {
					sums[key] = sum
					pairs = append(pairs, trident.Pair[string, int64]{Key: key, Value: sum})
				}
			}
			return pairs
		})
		require.Equal(r, sorted(want, byKeyThenValue[string, int64]), sorted(got, byKeyThenValue[string, int64]))
	})
}
