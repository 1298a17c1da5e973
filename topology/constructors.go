package topology

import (
	"math"
	"time"
)

// The functions below make a Value of one kind without the switch of [Of] and
// without its allocation. They are for codecs and runtimes; bolts give
// what they have to Emit.

// BoolValue returns a Value that holds b.
func BoolValue(b bool) (v Value) {
	v.setBool(b)
	return v
}

// IntValue returns a Value that holds i.
func IntValue(i int64) (v Value) {
	v.setMarked(uint64(i), markInt)
	return v
}

// FloatValue returns a Value that holds f, a NaN with its payload.
func FloatValue(f float64) (v Value) {
	v.setMarked(math.Float64bits(f), markFloat)
	return v
}

// StringValue returns a Value that holds s, which need not be valid UTF-8.
func StringValue(s string) (v Value) {
	v.setString(s)
	return v
}

// BytesValue returns a Value that holds b itself, not a copy: b must not be
// changed any more.
func BytesValue(b []byte) (v Value) {
	v.setBytes(b)
	return v
}

// TimeValue returns a Value that holds t without its monotonic reading.
func TimeValue(t time.Time) (v Value) {
	v.setTime(t)
	return v
}

// ListValue returns a Value that holds l itself, where [Of] makes a copy and checks
// it: l must not be changed any more, and must hold nothing but nil, bool,
// int64, float64, string, []byte, time.Time, []any and map[string]any of these,
// and objects of registered types.
func ListValue(l []any) (v Value) {
	v.setList(l)
	return v
}

// MapValue returns a Value that holds m itself, on the conditions of [ListValue].
func MapValue(m map[string]any) (v Value) {
	v.setMap(m)
	return v
}
