package offline_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/offline"
	"github.com/galestream/gale/trident/state"
	"github.com/stretchr/testify/require"
)

// look returns the value of a key as JSON, "-" when there is none.
func look(t *testing.T, log changelog.Log, name, key string) string {
	t.Helper()
	v, err := offline.Lookup(t.Context(), log, name, key)
	require.NoError(t, err)
	require.Positive(t, v.TxID)
	if !v.Found {
		return "-"
	}
	return string(v.JSON)
}

type amounts struct {
	Words int    `json:"words"`
	Last  string `json:"last"`
}

func TestStatesOfATopologyThatHasEnded(t *testing.T) {
	log := run(t, changelog.Memory(), "a b a c a", func(s trident.Stream[string]) {
		trident.PersistentAggregate(trident.GroupBy(s, self), "counts", trident.Count[string]()).Parallelism(3)
		trident.PersistentAggregateAll(s, "total", trident.Count[string]())
		pairs := trident.GroupBy(s, func(x string) trident.Pair[string, int8] { return trident.Pair[string, int8]{Key: x, Value: 1} })
		trident.Update(pairs, "amounts", func(_ trident.Pair[string, int8], a amounts, _ bool, xs []string) (amounts, bool) {
			return amounts{a.Words + len(xs), xs[len(xs)-1]}, true
		})
	})
	names, err := offline.List(t.Context(), log)
	require.NoError(t, err)
	require.Equal(t, []string{"amounts", "counts", "total"}, names)
	require.Equal(t, "3", look(t, log, "counts", "a"))
	require.Equal(t, "1", look(t, log, "counts", "b"))
	require.Equal(t, "-", look(t, log, "counts", "d"))
	require.Equal(t, "5", look(t, log, "total", "true"))
	require.Equal(t, `{"words":3,"last":"a"}`, look(t, log, "amounts", `{"key":"a","value":1}`))
	require.Equal(t, "-", look(t, log, "amounts", `{"key":"a"}`))

	_, err = offline.Lookup(t.Context(), log, "count", "a")
	require.ErrorIs(t, err, offline.ErrNoState)
	_, err = offline.Lookup(t.Context(), log, "total", "maybe")
	require.ErrorAs(t, err, new(*offline.KeyError))

	for _, size := range []uint64{0, 5 * offline.PassBytes} {
		all, err := offline.Overview(t.Context(), log, size)
		require.NoError(t, err)
		require.Len(t, all, 3)
		counts := all[1]
		require.Equal(t, "counts", counts.Name)
		require.Equal(t, "map", counts.Description.Kind)
		require.Equal(t, "string", counts.Description.KeyType)
		require.Equal(t, "counts", counts.Description.Component)
		require.EqualValues(t, 3, counts.Keys)
		require.EqualValues(t, 6, counts.Bytes)
		require.Positive(t, counts.TxID)
		require.Equal(t, "value", all[2].Description.Kind)
	}
}

// What has expired for the topology has expired here.
func TestValuesThatHaveExpiredAreNotRead(t *testing.T) {
	w := newWriter(t, t.Context(), 100*time.Millisecond)
	w.begin(2)
	w.now = 1000
	w.batch(map[string]int64{"a": 1, "b": 2}, true)
	w.now = 1099
	w.batch(map[string]int64{"b": 3}, true)
	require.Equal(t, "1", look(t, w.log, "counts", "a"))
	w.now = 1100
	w.batch(map[string]int64{"c": 4}, true)
	require.Equal(t, "-", look(t, w.log, "counts", "a"))
	require.Equal(t, "3", look(t, w.log, "counts", "b"))
	w.snapshots()
	require.Equal(t, "-", look(t, w.log, "counts", "a"))
	require.Equal(t, "3", look(t, w.log, "counts", "b"))
}

// A struct may get fields while its state is kept; from then on it is read with them.
func TestFieldsThatHaveComeAreRead(t *testing.T) {
	type before struct{ Words int }
	type after struct {
		Words int
		Last  string
	}
	log := run(t, changelog.Memory(), "a", func(s trident.Stream[string]) {
		trident.Update(trident.GroupBy(s, self), "seen", func(_ string, b before, _ bool, xs []string) (before, bool) { b.Words += len(xs); return b, true })
	})
	require.JSONEq(t, `{"Words":1}`, look(t, log, "seen", "a"))
	log = run(t, log, "a b", func(s trident.Stream[string]) {
		last := trident.Filter(s, func(x string) bool { return x == "b" })
		trident.Update(trident.GroupBy(last, self), "seen", func(_ string, a after, _ bool, xs []string) (after, bool) {
			return after{a.Words + len(xs), xs[0]}, true
		})
	})
	require.JSONEq(t, `{"Words":1,"Last":""}`, look(t, log, "seen", "a"))
	require.JSONEq(t, `{"Words":1,"Last":"b"}`, look(t, log, "seen", "b"))
}

func TestWhatOnlyItsProgramReadsIsRefused(t *testing.T) {
	log := run(t, changelog.Memory(), "10.0.0.1", func(s trident.Stream[string]) {
		trident.Update(trident.GroupBy(s, self), "addresses", func(_ string, _ netip.Addr, _ bool, xs []string) (netip.Addr, bool) {
			return netip.MustParseAddr(xs[0]), true
		})
	})
	_, err := offline.Lookup(t.Context(), log, "addresses", "10.0.0.1")
	require.ErrorIs(t, err, offline.ErrUnreadable)
	require.ErrorContains(t, err, "netip.Addr has an encoding of its own")
	require.Equal(t, "-", look(t, log, "addresses", "x"), "that there is none can be said")
	all, err := offline.Overview(t.Context(), log, 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, all[0].Keys)

	require.NoError(t, log.PutSnapshot(t.Context(), "_form/addresses", []byte("map: struct by string")))
	_, err = offline.Lookup(t.Context(), log, "addresses", "10.0.0.1")
	require.ErrorIs(t, err, offline.ErrUnreadable)
	require.ErrorContains(t, err, "did not say enough of its types")
	require.NoError(t, log.PutSnapshot(t.Context(), "_form/addresses", []byte("{")))
	_, err = offline.Lookup(t.Context(), log, "addresses", "10.0.0.1")
	require.ErrorAs(t, err, new(*state.DamagedError))
}

// Nothing of it is read as a value when it is not.
func TestAValueOfAnotherTypeIsAnError(t *testing.T) {
	log := run(t, changelog.Memory(), "a", func(s trident.Stream[string]) {
		trident.PersistentAggregate(trident.GroupBy(s, self), "counts", trident.Count[string]())
	})
	d, err := state.ReadDescription(t.Context(), log, "counts")
	require.NoError(t, err)
	for _, values := range []string{"string", "float64", "time", "pair[int, int]", "nonsense"} {
		d.Values = values
		require.NoError(t, state.PutDescription(t.Context(), log, "counts", d))
		_, err = offline.Lookup(t.Context(), log, "counts", "a")
		require.ErrorContains(t, err, `state "counts"`, values)
	}
}
