package topology_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/topology"
)

func hashOf(xs ...any) uint64 {
	positions := make([]int, len(xs))
	for i := range positions {
		positions[i] = i
	}
	return topology.KeyHash(valuesOf(xs...), positions)
}

// These hold for ever: keyed state and running clusters rely on them.
func TestKeyHashGolden(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 30, 45, 123456789, time.UTC)
	for _, c := range []struct {
		key  []any
		hash uint64
	}{
		{[]any{nil}, 0xaeaf52febe706064},
		{[]any{true}, 0xbeeb8da1658eec67},
		{[]any{0}, 0x975835de1c9756ce},
		{[]any{1}, 0xbfc846100bfc1e42},
		{[]any{-1}, 0xdbd238973a2b148a},
		{[]any{int64(math.MaxInt64)}, 0xe97e865226987740},
		{[]any{1.0}, 0x082eafd7dc56b3d5},
		{[]any{0.0}, 0x1d0b14e4db018fed},
		{[]any{math.NaN()}, 0x33380f1edbca0c95},
		{[]any{math.Inf(1)}, 0xede7616e914eaac4},
		{[]any{""}, 0xd5871a3c12dbd9f7},
		{[]any{"a"}, 0x1736ef9fb82eebbb},
		{[]any{"the quick brown fox jumps over the lazy dog"}, 0x7153fe6fe42d198a},
		{[]any{[]byte{}}, 0xfc16537ad5f094a8},
		{[]any{[]byte("a")}, 0x6e613b17610379cc},
		{[]any{at}, 0xa144222246f255aa},
		{[]any{time.Time{}}, 0x02b432ef7d24d015},
		{[]any{[]any{}}, 0x63cbe1e459320dd7},
		{[]any{[]any{"a", 1, nil}}, 0x71e3cd5359b52e11},
		{[]any{map[string]any{}}, 0x9e5651b0ef953636},
		{[]any{map[string]any{"a": 1, "b": []any{2.5}}}, 0xf139a62ec3fb2302},
		{[]any{"user", 42}, 0x1f365ae0cfd2fbef},
		{[]any{42, "user", true}, 0x200f85e6cafd092d},
		{nil, 0x0},
	} {
		t.Run(fmt.Sprint(c.key), func(t *testing.T) {
			require.Equal(t, fmt.Sprintf("%#016x", c.hash), fmt.Sprintf("%#016x", hashOf(c.key...)))
		})
	}
}

func TestKeyHashTellsKindsApart(t *testing.T) {
	at := time.Unix(1, 0)
	seen := map[uint64]any{}
	for _, x := range []any{nil, true, 1, 1.0, "1", []byte("1"), at, []any{1}, map[string]any{"1": 1}, false, 0, 0.0, "", []byte{}, []any{}, []any{"1"}} {
		h := hashOf(x)
		require.NotContains(t, seen, h, "%T(%v) and %T", x, x, seen[h])
		seen[h] = x
	}
}

func TestKeyHashOfEqualKeys(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 0, 0, 5, time.UTC)
	quietNaN := math.Float64frombits(0xfff8000000000001)
	for name, pair := range map[string][2]any{
		"integers of any width": {int8(7), uint64(7)},
		"floats of any width":   {float32(0.5), 0.5},
		"zeros":                 {0.0, math.Copysign(0, -1)},
		"NaNs":                  {math.NaN(), quietNaN},
		"NaNs in lists":         {[]any{math.NaN()}, []any{quietNaN}},
		"times of any zone":     {at, at.In(time.FixedZone("Tokyo", 9*60*60))},
		"times of long ago":     {time.Time{}, time.Time{}.In(time.FixedZone("Tokyo", 9*60*60))},
		"no bytes":              {[]byte(nil), []byte{}},
		"substrings":            {"word", "a word"[2:]},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, hashOf(pair[0]), hashOf(pair[1])) })
	}
}

func TestKeyHashOfMapsKnowsNoOrder(t *testing.T) {
	keys := rapid.SliceOfNDistinct(rapid.String(), 0, 20, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		drawn := keys.Draw(t, "keys")
		forth, back := map[string]any{}, map[string]any{}
		for i := range drawn {
			forth[drawn[i]] = i
			j := len(drawn) - 1 - i
			back[drawn[j]] = j
		}
		require.Equal(t, hashOf(forth), hashOf(back))
	})
}

func TestKeyHashDependsOnEveryPart(t *testing.T) {
	require.NotEqual(t, hashOf("a", "b"), hashOf("b", "a"))
	require.NotEqual(t, hashOf("ab", "c"), hashOf("a", "bc"))
	require.NotEqual(t, hashOf("a"), hashOf("a", nil))
	require.NotEqual(t, hashOf([]any{"a", "b"}), hashOf([]any{"b", "a"}))
	require.NotEqual(t, hashOf(map[string]any{"a": "b"}), hashOf(map[string]any{"b": "a"}))
	require.NotEqual(t, hashOf(map[string]any{"a": 1, "b": 2}), hashOf(map[string]any{"a": 2, "b": 1}))
	require.NotEqual(t, hashOf(time.Unix(0, 1)), hashOf(time.Unix(0, 2)))
}

// Only the values at the positions count, in the positions' order.
func TestKeyHashReadsThePositions(t *testing.T) {
	values := valuesOf("x", "a", "y", "b")
	require.Equal(t, hashOf("a", "b"), topology.KeyHash(values, []int{1, 3}))
	require.Equal(t, hashOf("b", "a"), topology.KeyHash(values, []int{3, 1}))
	require.Equal(t, hashOf("a"), topology.KeyHash(values, []int{1}))
	require.Equal(t, int(hashOf("a")>>54), topology.KeyGroup(values, []int{1}))
}

func TestKeyTaskCoversTheTasksEvenly(t *testing.T) {
	for n := 1; n <= topology.KeyGroups; n++ {
		sizes := make([]int, n)
		last := 0
		for group := range topology.KeyGroups {
			task := topology.KeyTask(group, n)
			if task < last || task >= n {
				t.Fatalf("group %d of %d tasks belongs to task %d, the one before to %d", group, n, task, last)
			}
			sizes[task]++
			last = task
		}
		require.Equal(t, topology.KeyGroups/n, slices.Min(sizes))
		require.Equal(t, (topology.KeyGroups+n-1)/n, slices.Max(sizes))
	}
}

// The groups of n keys differ from n/1024 each by chance alone: chi-squared over 1023
// degrees of freedom has the mean 1023 and the standard deviation 45.
func TestKeyGroupsAreEven(t *testing.T) {
	for name, key := range map[string]func(i int) any{
		"integers":       func(i int) any { return i },
		"even integers":  func(i int) any { return 2 * i },
		"large steps":    func(i int) any { return i << 20 },
		"whole floats":   func(i int) any { return float64(i) },
		"words":          func(i int) any { return word(i) },
		"numbered words": func(i int) any { return "sensor-" + strconv.Itoa(i) },
		"bytes":          func(i int) any { return []byte(word(i)) },
		"seconds":        func(i int) any { return time.Unix(int64(i), 0) },
		"lists":          func(i int) any { return []any{"a", i} },
		"maps":           func(i int) any { return map[string]any{"id": i} },
	} {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, 1023, chiSquared(102_400, key), 5*45.3)
		})
	}
}

func chiSquared(n int, key func(i int) any) float64 {
	var counts [topology.KeyGroups]int
	for i := range n {
		counts[topology.KeyGroup(valuesOf(key(i)), []int{0})]++
	}
	expected, sum := float64(n)/topology.KeyGroups, 0.0
	for _, count := range counts {
		sum += (float64(count) - expected) * (float64(count) - expected) / expected
	}
	return sum
}

// word returns the i-th of all words of small letters, the shortest first.
func word(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return word(i/26-1) + string(rune('a'+i%26))
}
