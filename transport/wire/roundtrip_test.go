package wire

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/topology"
)

func anInt() *rapid.Generator[int64] {
	edges := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt32 - 1, math.MinInt16, -33, -32, 0, 127, 128, math.MaxUint32, math.MaxInt64})
	return rapid.OneOf(edges, rapid.Int64())
}

// aFloat draws from all bits: every NaN, infinity and -0.0.
func aFloat() *rapid.Generator[float64] {
	edges := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64})
	return rapid.OneOf(edges, rapid.Map(rapid.Uint64(), math.Float64frombits))
}

func someBytes() *rapid.Generator[[]byte] { return rapid.SliceOf(rapid.Byte()) }

func aString() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.Map(someBytes(), func(b []byte) string { return string(b) }))
}

func aZone() *rapid.Generator[*time.Location] {
	fixed := rapid.Custom(func(t *rapid.T) *time.Location {
		return time.FixedZone(aString().Draw(t, "zone"), rapid.IntRange(-86400, 86400).Draw(t, "offset"))
	})
	return rapid.OneOf(rapid.Just(time.UTC), rapid.Just(time.Local), fixed)
}

func aTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		seconds := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1<<35, 1<<35), rapid.Just(time.Time{}.Unix())).Draw(t, "seconds")
		return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).In(aZone().Draw(t, "zone"))
	})
}

func aScalar() *rapid.Generator[any] {
	return rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), anInt().AsAny(), aFloat().AsAny(),
		aString().AsAny(), someBytes().AsAny(), aTime().AsAny())
}

func anything(levels int) *rapid.Generator[any] {
	if levels == 0 {
		return aScalar()
	}
	below := anything(levels - 1)
	return rapid.OneOf(aScalar(), rapid.SliceOfN(below, 0, 5).AsAny(), rapid.MapOfN(aString(), below, 0, 5).AsAny(), anOrder().AsAny())
}

// anOrder has in its fields what arrives as it was: whole seconds in the local
// zone, and integers of any only as the library chooses them.
func anOrder() *rapid.Generator[topology.Value] {
	return rapid.Custom(func(t *rapid.T) topology.Value {
		return topology.Of(order{
			ID: anInt().Draw(t, "id"), Name: aString().Draw(t, "name"), Tags: rapid.SliceOf(aString()).Draw(t, "tags"),
			Attrs: map[string]any{"f": aFloat().Draw(t, "f"), "b": someBytes().Draw(t, "b"), "i": anInt().Draw(t, "i")},
			At:    aTime().Draw(t, "at").Local(), Raw: someBytes().Draw(t, "raw"), Key: [4]byte{1, 2, 3, 4},
			Next: &order{}, Sum: cents(anInt().Draw(t, "sum")),
		})
	})
}

func tuples() *rapid.Generator[[]topology.Value] {
	return rapid.SliceOfN(rapid.Map(anything(4), topology.Of), 0, 20)
}

func TestRoundTrip(t *testing.T) {
	enc, dec := NewEncoder(), NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		want := tuples().Draw(t, "values")
		after := someBytes().Draw(t, "after")
		b, err := enc.AppendValues(nil, want)
		require.NoError(t, err)
		got, rest, err := dec.Values(nil, append(b, after...))
		require.NoError(t, err)
		require.Equal(t, string(after), string(rest))
		requireSameValues(t, want, got)
	})
}

// Cut short anywhere, a tuple is an error, and neither dst nor src is lost.
func TestTruncated(t *testing.T) {
	enc, dec := NewEncoder(), NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		b, err := enc.AppendValues(nil, tuples().Draw(t, "values"))
		require.NoError(t, err)
		cut := b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")]
		got, rest, err := dec.Values(threeFields, cut)
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt)
		require.LessOrEqual(t, corrupt.Offset, len(cut))
		require.Equal(t, cut, rest)
		requireSameValues(t, threeFields, got)
	})
}

// What was decoded stays when the input is used again.
func TestNothingIsShared(t *testing.T) {
	enc, dec := NewEncoder(), NewDecoder()
	rapid.Check(t, func(t *rapid.T) {
		want := tuples().Draw(t, "values")
		b, err := enc.AppendValues(nil, want)
		require.NoError(t, err)
		got, _, err := dec.Values(nil, b)
		require.NoError(t, err)
		for i := range b {
			b[i] = 0xee
		}
		requireSameValues(t, want, got)
	})
}

func setLocal(t *testing.T, loc *time.Location) {
	before := time.Local
	t.Cleanup(func() { time.Local = before })
	time.Local = loc
}

func TestLocalTimeElsewhere(t *testing.T) {
	setLocal(t, time.FixedZone("CET", 3600))
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.Local)
	b, err := NewEncoder().AppendValue(nil, topology.Of(at))
	require.NoError(t, err)
	v, _, err := NewDecoder().Value(b)
	require.NoError(t, err)
	requireSame(t, at, v.Any())

	setLocal(t, time.FixedZone("EST", -5*3600))
	v, _, err = NewDecoder().Value(b)
	require.NoError(t, err)
	requireSame(t, at, v.Any())
	require.Equal(t, "2026-01-02 03:04:05.000000006 +0100 CET", v.String())
}

func TestZoneWithRulesArrivesFixed(t *testing.T) {
	zone := time.FixedZone("CEST", 7200)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	b, err := NewEncoder().AppendValue(nil, topology.Of(time.Date(2026, 7, 1, 0, 0, 0, 0, berlin)))
	require.NoError(t, err)
	v, _, err := NewDecoder().Value(b)
	require.NoError(t, err)
	requireSame(t, time.Date(2026, 7, 1, 0, 0, 0, 0, zone), v.Any())
}

func TestImpossibleZone(t *testing.T) {
	at := time.Unix(0, 0).In(time.FixedZone("far", math.MaxInt32+1))
	b, err := NewEncoder().AppendValue([]byte("x"), topology.Of(at))
	require.ErrorContains(t, err, `its zone "far" is 2147483648 seconds east of UTC`)
	require.Equal(t, "x", string(b))
}
