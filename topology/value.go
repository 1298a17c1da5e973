package topology

import (
	"fmt"
	"math"
	"time"
	"unsafe"
)

// Kind says what a [Value] holds.
type Kind uint8

// The kinds of a Value. The zero Value is of KindNil.
const (
	KindNil    Kind = iota
	KindBool        // bool
	KindInt         // int64; every Go integer that fits is stored so
	KindFloat       // float64; float32 is stored so
	KindString      // string
	KindBytes       // []byte
	KindTime        // time.Time without its monotonic reading
	KindList        // []any of the kinds here
	KindMap         // map[string]any of the kinds here
	KindObject      // a value of a type registered with [Register]
	numKinds
)

var kindNames = [...]string{"nil", "bool", "int64", "float64", "string", "[]byte", "time.Time", "[]any", "map[string]any", "object"}

// String returns the Go type that values of the kind have.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Value is one value of a tuple: a tagged union of the kinds above in two machine
// words, so that a tuple's values lie in its slab and cost no allocation. The zero
// Value is nil. Values are immutable and may be shared between goroutines.
type Value struct {
	_ [0]func() // == on two values would compare addresses: not allowed
	// Invariant: p points into marks exactly when n holds the payload, and the
	// offset is the mark. Else the top byte of n is the Kind, the rest a length,
	// and p points to what is held.
	n uint64
	p unsafe.Pointer
}

// mark is what p points to for a value whose payload fills n.
type mark uintptr

const (
	_ mark = iota // offset 0 is not used: a nil p must not look like a mark
	markBool
	markInt
	markFloat
	markUTC   // a time in UTC, as nanoseconds since 1970
	markLocal // a time in the local zone
	numMarks
)

const kindShift = 56

// marks is only pointed into: the offset of a pointer names the mark.
var marks [numMarks]byte

var markKinds = [numMarks]Kind{markBool: KindBool, markInt: KindInt, markFloat: KindFloat, markUTC: KindTime, markLocal: KindTime}

func (v *Value) mark() mark {
	return mark(uintptr(v.p) - uintptr(unsafe.Pointer(&marks)))
}

// Kind returns what v holds.
func (v Value) Kind() Kind {
	if m := v.mark(); m < numMarks {
		return markKinds[m]
	}
	return Kind(v.n >> kindShift)
}

func (v *Value) setMarked(n uint64, m mark) {
	v.n, v.p = n, unsafe.Pointer(&marks[m])
}

func (v *Value) setSized(k Kind, n int, p unsafe.Pointer) {
	v.n, v.p = uint64(k)<<kindShift|uint64(n), p
}

func (v *Value) size() int { return int(v.n << 8 >> 8) }

func (v *Value) setString(s string) {
	v.setSized(KindString, len(s), unsafe.Pointer(unsafe.StringData(s)))
}

func (v *Value) setBytes(b []byte) {
	v.setSized(KindBytes, len(b), unsafe.Pointer(unsafe.SliceData(b)))
}

func (v *Value) setBool(b bool) {
	n := uint64(0)
	if b {
		n = 1
	}
	v.setMarked(n, markBool)
}

// setTime keeps times of UTC and of the local zone as a number; one of another
// zone, or outside the years 1678 to 2261, is kept on the heap.
func (v *Value) setTime(t time.Time) {
	t = t.Round(0)
	loc, ns := t.Location(), t.UnixNano()
	if time.Unix(0, ns).Equal(t) {
		switch loc {
		case time.UTC:
			v.setMarked(uint64(ns), markUTC)
			return
		case time.Local:
			v.setMarked(uint64(ns), markLocal)
			return
		}
	}
	boxed := new(time.Time)
	*boxed = t
	v.setSized(KindTime, 0, unsafe.Pointer(boxed))
}

func (v *Value) setObject(x any) {
	boxed := new(any)
	*boxed = x
	v.setSized(KindObject, 0, unsafe.Pointer(boxed))
}

func (v *Value) setList(l []any) {
	v.setSized(KindList, len(l), unsafe.Pointer(unsafe.SliceData(l)))
}

func (v *Value) setMap(m map[string]any) {
	v.setSized(KindMap, 0, *(*unsafe.Pointer)(unsafe.Pointer(&m)))
}

// AsString returns the string that v holds; ok is false when it holds another kind.
func (v Value) AsString() (s string, ok bool) {
	if v.n>>kindShift != uint64(KindString) || v.mark() < numMarks {
		return "", false
	}
	return unsafe.String((*byte)(v.p), v.size()), true
}

// AsBytes returns the bytes that v holds, which must not be changed.
func (v Value) AsBytes() (b []byte, ok bool) {
	if v.Kind() != KindBytes {
		return nil, false
	}
	return unsafe.Slice((*byte)(v.p), v.size()), true
}

// AsInt returns the integer that v holds.
func (v Value) AsInt() (i int64, ok bool) { return int64(v.n), v.mark() == markInt }

// AsFloat returns the float that v holds; an integer is not converted.
func (v Value) AsFloat() (f float64, ok bool) {
	return math.Float64frombits(v.n), v.mark() == markFloat
}

// AsBool returns the bool that v holds.
func (v Value) AsBool() (b, ok bool) { return v.n == 1, v.mark() == markBool }

// AsTime returns the time that v holds, in the zone it was emitted with and
// without a monotonic reading.
func (v Value) AsTime() (t time.Time, ok bool) {
	switch v.mark() {
	case markUTC:
		return time.Unix(0, int64(v.n)).UTC(), true
	case markLocal:
		return time.Unix(0, int64(v.n)), true
	}
	if v.Kind() != KindTime {
		return time.Time{}, false
	}
	return *(*time.Time)(v.p), true
}

// AsList returns the list that v holds, which must not be changed.
func (v Value) AsList() (l []any, ok bool) {
	if v.Kind() != KindList {
		return nil, false
	}
	return unsafe.Slice((*any)(v.p), v.size()), true
}

// AsMap returns the map that v holds, which must not be changed.
func (v Value) AsMap() (m map[string]any, ok bool) {
	if v.Kind() != KindMap {
		return nil, false
	}
	return *(*map[string]any)(unsafe.Pointer(&v.p)), true
}

// Any returns what v holds as a Go value: nil, bool, int64, float64, string,
// []byte, time.Time, []any, map[string]any, or the object that was given to [Of].
// It may allocate.
func (v Value) Any() any {
	switch v.Kind() {
	case KindBool:
		return v.n == 1
	case KindInt:
		return int64(v.n)
	case KindFloat:
		return math.Float64frombits(v.n)
	case KindObject:
		return *(*any)(v.p)
	case KindNil:
		return nil
	}
	return v.anyReference()
}

func (v Value) anyReference() any {
	switch v.Kind() {
	case KindString:
		s, _ := v.AsString()
		return s
	case KindBytes:
		b, _ := v.AsBytes()
		return b
	case KindTime:
		t, _ := v.AsTime()
		return t
	case KindList:
		l, _ := v.AsList()
		return l
	}
	m, _ := v.AsMap()
	return m
}

// String formats what v holds for people.
func (v Value) String() string { return fmt.Sprint(v.Any()) }
