package topology_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/topology"
)

func TestValueKeepsWhatItIsGiven(t *testing.T) {
	type object struct{ n int }
	pointer := &object{n: 7}
	for _, c := range []struct {
		in   any
		kind topology.Kind
		out  any
	}{
		{nil, topology.KindNil, nil},
		{true, topology.KindBool, true},
		{false, topology.KindBool, false},
		{0, topology.KindInt, int64(0)},
		{math.MinInt, topology.KindInt, int64(math.MinInt64)},
		{int8(math.MinInt8), topology.KindInt, int64(math.MinInt8)},
		{int16(math.MinInt16), topology.KindInt, int64(math.MinInt16)},
		{int32(math.MinInt32), topology.KindInt, int64(math.MinInt32)},
		{int64(math.MinInt64), topology.KindInt, int64(math.MinInt64)},
		{int64(math.MaxInt64), topology.KindInt, int64(math.MaxInt64)},
		{uint8(math.MaxUint8), topology.KindInt, int64(math.MaxUint8)},
		{uint16(math.MaxUint16), topology.KindInt, int64(math.MaxUint16)},
		{uint32(math.MaxUint32), topology.KindInt, int64(math.MaxUint32)},
		{uint(math.MaxInt64), topology.KindInt, int64(math.MaxInt64)},
		{uint64(math.MaxInt64), topology.KindInt, int64(math.MaxInt64)},
		{float32(0.5), topology.KindFloat, 0.5},
		{math.Inf(-1), topology.KindFloat, math.Inf(-1)},
		{math.SmallestNonzeroFloat64, topology.KindFloat, math.SmallestNonzeroFloat64},
		{"", topology.KindString, ""},
		{"wörter", topology.KindString, "wörter"},
		{"not\xffutf8\x00", topology.KindString, "not\xffutf8\x00"},
		{[]byte(nil), topology.KindBytes, []byte(nil)},
		{[]byte{}, topology.KindBytes, []byte{}},
		{[]byte{0, 255}, topology.KindBytes, []byte{0, 255}},
		{[]any{}, topology.KindList, []any{}},
		{[]any{1, "a", nil}, topology.KindList, []any{int64(1), "a", nil}},
		{map[string]any{}, topology.KindMap, map[string]any{}},
		{map[string]any{"n": int8(1)}, topology.KindMap, map[string]any{"n": int64(1)}},
		{topology.Of("wrapped"), topology.KindString, "wrapped"},
		{pointer, topology.KindObject, pointer},
		{object{n: 1}, topology.KindObject, object{n: 1}},
	} {
		t.Run(fmt.Sprintf("%T(%.20v)", c.in, c.in), func(t *testing.T) {
			v := topology.Of(c.in)
			require.Equal(t, c.kind, v.Kind())
			require.Equal(t, c.out, v.Any())
			require.Equal(t, fmt.Sprint(c.out), v.String())
			require.Equal(t, c.out, topology.Of(v).Any(), "a Value in a Value is itself")
		})
	}
}

func TestValueZeroIsNil(t *testing.T) {
	var v topology.Value
	require.Equal(t, topology.KindNil, v.Kind())
	require.Nil(t, v.Any())
}

// The zone and the instant survive, the monotonic reading doesn't.
func TestValueKeepsTimes(t *testing.T) {
	tokyo := time.FixedZone("Tokyo", 9*60*60)
	for name, at := range map[string]time.Time{
		"zero":            {},
		"UTC":             time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC),
		"local":           time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.Local),
		"now":             time.Now(),
		"zone":            time.Date(2024, 2, 29, 12, 0, 0, 1, tokyo),
		"before 1678":     time.Date(1066, 10, 14, 9, 0, 0, 0, time.UTC),
		"after 2262":      time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.Local),
		"first in 64 bit": time.Unix(0, math.MinInt64).UTC(),
		"last in 64 bit":  time.Unix(0, math.MaxInt64).UTC(),
	} {
		t.Run(name, func(t *testing.T) {
			v := topology.Of(at)
			got, ok := v.AsTime()
			require.True(t, ok)
			require.Equal(t, topology.KindTime, v.Kind())
			require.Equal(t, at.Round(0), got)
			require.Equal(t, at.Round(0), v.Any())
		})
	}
}

// Each kind is read by its own accessor and by no other.
func TestValueAccessorsRefuseOtherKinds(t *testing.T) {
	accessors := map[topology.Kind]func(v topology.Value) bool{
		topology.KindBool:   func(v topology.Value) bool { _, ok := v.AsBool(); return ok },
		topology.KindInt:    func(v topology.Value) bool { _, ok := v.AsInt(); return ok },
		topology.KindFloat:  func(v topology.Value) bool { _, ok := v.AsFloat(); return ok },
		topology.KindString: func(v topology.Value) bool { _, ok := v.AsString(); return ok },
		topology.KindBytes:  func(v topology.Value) bool { _, ok := v.AsBytes(); return ok },
		topology.KindTime:   func(v topology.Value) bool { _, ok := v.AsTime(); return ok },
		topology.KindList:   func(v topology.Value) bool { _, ok := v.AsList(); return ok },
		topology.KindMap:    func(v topology.Value) bool { _, ok := v.AsMap(); return ok },
	}
	// The high integers have the top bytes that mark the other kinds.
	values := valuesOf(nil, true, false, 0, 1, 4<<56, 5<<56, 6<<56, 7<<56, 8<<56, -1, 0.0, 1.0, "", "1", []byte(nil), []byte{1},
		time.Now(), time.Time{}, []any{}, []any{1}, map[string]any{}, map[string]any{"1": 1}, struct{}{})
	for _, v := range values {
		for kind, accepts := range accessors {
			require.Equal(t, v.Kind() == kind, accepts(v), "%v read as %v", v.Kind(), kind)
		}
	}
}

func TestValueKeepsAnyScalar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.Int64().Draw(t, "int")
		f := math.Float64frombits(rapid.Uint64().Draw(t, "float"))
		s := rapid.String().Draw(t, "string")
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		at := time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns"))

		gotInt, _ := topology.Of(i).AsInt()
		require.Equal(t, i, gotInt)
		gotFloat, _ := topology.Of(f).AsFloat()
		require.Equal(t, math.Float64bits(f), math.Float64bits(gotFloat))
		gotString, _ := topology.Of(s).AsString()
		require.Equal(t, s, gotString)
		gotBytes, _ := topology.Of(b).AsBytes()
		require.True(t, bytes.Equal(b, gotBytes))
		gotTime, _ := topology.Of(at).AsTime()
		require.Equal(t, at, gotTime)
	})
}

// Values hide pointers from the type system, but not from the collector of garbage.
func TestValueKeepsItsMemoryAlive(t *testing.T) {
	zone := time.FixedZone("Z", 60)
	values := make([][]topology.Value, 500)
	for i := range values {
		word := strings.Repeat(fmt.Sprint(i), 100)
		values[i] = valuesOf(word, []byte(word), []any{word}, map[string]any{"k": word}, time.Unix(int64(i), 0).In(zone), &word)
	}
	for range 3 {
		runtime.GC()
		_ = strings.Repeat("overwrite what was freed", 1<<16)
	}
	for i, v := range values {
		word := strings.Repeat(fmt.Sprint(i), 100)
		require.Equal(t, []any{word, []byte(word), []any{word}, map[string]any{"k": word}, time.Unix(int64(i), 0).In(zone), &word}, anys(v))
	}
}

func TestOfPanicsOnWhatCannotBeEmitted(t *testing.T) {
	tooLarge := "it is above the largest int64; emit it as a string or as bytes"
	register := "register the type once with topology.Register and wrap the value: topology.Of(x)"
	for name, c := range map[string]struct {
		in   any
		want topology.TypeError
	}{
		"uint64":         {uint64(math.MaxInt64 + 1), topology.TypeError{Type: "uint64", Reason: tooLarge}},
		"uint":           {uint(math.MaxUint), topology.TypeError{Type: "uint", Reason: tooLarge}},
		"list of chan":   {[]any{make(chan int)}, topology.TypeError{Type: "chan int", Reason: register}},
		"list of uint64": {[]any{uint64(math.MaxUint64)}, topology.TypeError{Type: "uint64", Reason: tooLarge}},
		"map of struct":  {map[string]any{"x": struct{}{}}, topology.TypeError{Type: "struct {}", Reason: register}},
		"deep":           {[]any{map[string]any{"x": []any{new(int)}}}, topology.TypeError{Type: "*int", Reason: register}},
	} {
		t.Run(name, func(t *testing.T) {
			err := panicOf[*topology.TypeError](t, func() { topology.Of(c.in) })
			require.Equal(t, &c.want, err)
			require.Equal(t, "a value of type "+c.want.Type+" can't be emitted: "+c.want.Reason, err.Error())
		})
	}
}

// panicOf returns what f panics with, which must be a P.
func panicOf[P error](t *testing.T, f func()) (p P) {
	t.Helper()
	defer func() {
		t.Helper()
		err, _ := recover().(error)
		require.True(t, errors.As(err, &p), "panicked with %v", err)
	}()
	f()
	return p
}

func TestKindNames(t *testing.T) {
	require.Equal(t, "nil", topology.KindNil.String())
	require.Equal(t, "object", topology.KindObject.String())
	require.Equal(t, "Kind(200)", topology.Kind(200).String())
}
