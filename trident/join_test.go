package trident_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type joined = trident.Joined[string, item, item]

// leftAndRight are two streams of one source: those of even ids, and those of odd ones. A batch has records of both.
func leftAndRight(s trident.Stream[item]) (left, right trident.Grouped[string, item]) {
	of := trident.Branch(s, func(x item) bool { return x.ID%2 == 0 })
	return trident.GroupBy(of[0], keyOf), trident.GroupBy(of[1], keyOf)
}

// joinModel looks at all pairs.
func joinModel(batch []item, kind trident.JoinKind) (want []joined) {
	met := map[int]bool{}
	for _, l := range batch {
		for _, r := range batch {
			if l.ID%2 == 0 && r.ID%2 == 1 && l.Key == r.Key {
				want = append(want, joined{Key: l.Key, Left: l, Right: r, HasLeft: true, HasRight: true})
				met[l.ID], met[r.ID] = true, true
			}
		}
	}
	for _, x := range batch {
		switch {
		case met[x.ID]:
		case x.ID%2 == 0 && (kind == trident.Left || kind == trident.Full):
			want = append(want, joined{Key: x.Key, Left: x, HasLeft: true})
		case x.ID%2 == 1 && (kind == trident.Right || kind == trident.Full):
			want = append(want, joined{Key: x.Key, Right: x, HasRight: true})
		}
	}
	return want
}

func byBoth(a, b joined) int { return cmp.Or(byID(a.Left, b.Left), byID(a.Right, b.Right)) }

func TestJoinsMeetWithinABatch(t *testing.T) {
	kinds := []trident.JoinKind{trident.Inner, trident.Left, trident.Right, trident.Full}
	rapid.Check(t, func(r *rapid.T) {
		sh := shape{rapid.IntRange(1, 30).Draw(r, "batch"), rapid.IntRange(1, 3).Draw(r, "before"), rapid.IntRange(1, 4).Draw(r, "behind")}
		kind := rapid.SampledFrom(kinds).Draw(r, "kind")
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c"}), 0, 60).Draw(r, "keys")
		records := make([]item, len(keys))
		for i, key := range keys {
			records[i] = item{i + 1, key, int64(i)}
		}
		got := through(r, sh, records, func(s trident.Stream[item]) trident.Stream[joined] {
			left, right := leftAndRight(s)
			return trident.Join(left, right, kind).Parallelism(sh.behind)
		})
		want := modelled(inBatches(sh, records), func(batch []item) []joined { return joinModel(batch, kind) })
		require.Equal(r, sorted(want, byBoth), sorted(got, byBoth))
	})
}

func TestCoGroupHasAllRecordsOfAKey(t *testing.T) {
	type group = trident.Cogroup[string, item, item]
	inShapes(t, func(t *testing.T, sh shape, records []item) {
		got := through(t, sh, records, func(s trident.Stream[item]) trident.Stream[group] {
			left, right := leftAndRight(s)
			return trident.CoGroup(left, right).Parallelism(sh.behind)
		})
		want := modelled(inBatches(sh, records), func(batch []item) (groups []group) {
			for key := range keysIn(batch) {
				g := group{Key: key}
				for _, x := range batch {
					switch {
					case x.Key == key && x.ID%2 == 0:
						g.Left = append(g.Left, x)
					case x.Key == key:
						g.Right = append(g.Right, x)
					}
				}
				groups = append(groups, g)
			}
			return groups
		})
		for _, groups := range got {
			for _, g := range groups {
				slices.SortFunc(g.Left, byID)
				slices.SortFunc(g.Right, byID)
			}
		}
		byKey := func(a, b group) int { return cmp.Compare(a.Key, b.Key) }
		require.Equal(t, sorted(want, byKey), sorted(got, byKey))
	})
}

// TestStreamsOfTwoSourcesJoin has batches in which each of two sources gives what it has.
func TestStreamsOfTwoSourcesJoin(t *testing.T) {
	var got *committed[trident.Joined[int, item, string]]
	runToEnd(t, func(b *topology.Builder) {
		trident.Configure(b, trident.BatchRecords(2))
		left := trident.NewStream(b, "left", trident.Records(items(6, 3)))
		right := trident.NewStream(b, "right", trident.Records([]string{"0", "1", "2", "3"}))
		got = commits(trident.Join(
			trident.GroupBy(left, func(x item) int { return x.ID }),
			trident.GroupBy(right, func(s string) int { return int(s[0] - '0') }), trident.Full).Parallelism(2), "joined")
	})
	for _, j := range got.all() {
		require.True(t, j.HasLeft)
		require.Equal(t, j.Key, j.Left.ID)
		require.Equal(t, j.Key < 4, j.HasRight)
		if j.HasRight {
			require.Equal(t, fmt.Sprint(j.Key), j.Right)
		}
	}
	require.Len(t, got.all(), 6)
}
