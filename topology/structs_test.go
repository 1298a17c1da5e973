package topology_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

type (
	place   struct{ Lat, Lon float64 }
	grade   int8
	label   string
	payload []byte
	origin  struct {
		Host string `gale:"host"`
		Zone label
	}
	every struct {
		String   string
		Bool     bool
		Int      int
		Int8     int8
		Int16    int16
		Int32    int32
		Int64    int64
		Uint     uint
		Uint8    uint8
		Uint16   uint16
		Uint32   uint32
		Uint64   uint64
		Float32  float32
		Float64  float64
		Bytes    []byte
		Time     time.Time
		List     []any
		Map      map[string]any
		Grade    grade
		Label    label
		Payload  payload
		Duration time.Duration
		Place    place
		Pointer  *place
		origin   int
		Left     chan int `gale:"-"`
		Origin   origin   `gale:"-"`
		Named    string   `gale:"other-name"`
	}
)

func registerPlaces() {
	topology.Register[place]("structs_test.place")
	topology.Register[*place]("structs_test.*place")
}

// throughTuple emits x as a struct and returns the tuple, of the stream that FieldsOf declares.
func throughTuple[T any](t *testing.T, x T) *topology.Tuple {
	t.Helper()
	b := topology.NewBuilder("test")
	b.Spout("source", source).EmitsStruct(topology.FieldsOf[T]())
	streams := build(t, b).Component("source").Streams
	p := &port{}
	var tuple *topology.Tuple
	p.within = func(e *topology.Emission) { tuple = topology.NewSlab(1).Add(streams[0], e.Values, 0, 0) }
	topology.EmitStruct(topology.NewCollector(p, streams), x)
	require.NoError(t, p.last().Err)
	return tuple
}

func TestStructRoundTrip(t *testing.T) {
	registerPlaces()
	for name, x := range map[string]every{
		"values": {
			String: "s", Bool: true, Int: -1, Int8: -2, Int16: -3, Int32: -4, Int64: -5,
			Uint: 1, Uint8: 2, Uint16: 3, Uint32: 4, Uint64: 5, Float32: 0.5, Float64: 2.5,
			Bytes: []byte("b"), Time: time.Unix(1, 2), List: []any{"l"}, Map: map[string]any{"m": int64(1)},
			Grade: 7, Label: "label", Payload: payload("p"), Duration: time.Minute, Place: place{1, 2}, Pointer: &place{3, 4}, Named: "n",
		},
		"extremes": {
			Int: math.MaxInt, Int8: math.MinInt8, Int16: math.MinInt16, Int32: math.MinInt32, Int64: math.MinInt64,
			Uint: math.MaxInt64, Uint8: math.MaxUint8, Uint16: math.MaxUint16, Uint32: math.MaxUint32, Uint64: math.MaxInt64,
			Float32: math.MaxFloat32, Float64: math.Inf(-1), Duration: math.MinInt64,
			Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), List: []any{}, Map: map[string]any{},
		},
		"zeros": {List: []any{}, Map: map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, x, topology.As[every](throughTuple(t, x)))
		})
	}
}

func TestStructsLeaveOutWhatIsUnexportedOrSaysSo(t *testing.T) {
	x := every{origin: 9, Left: make(chan int), Origin: origin{Host: "h"}}
	back := topology.As[every](throughTuple(t, x))
	require.Zero(t, back.origin)
	require.Nil(t, back.Left)
	require.Zero(t, back.Origin)
	names := topology.FieldsOf[every]().Names()
	require.Contains(t, names, "other-name")
	for _, name := range []string{"origin", "Left", "-", "Origin", "Named"} {
		require.NotContains(t, names, name)
	}
}

func TestEmbeddedStructsAreReadAsIfTheirFieldsStoodThere(t *testing.T) {
	type Base struct {
		hidden int
		Host   string `gale:"host"`
		Zone   label
	}
	type event struct {
		ID int
		Base
		time.Time
		Inner Base `gale:"-"`
		After bool
	}
	require.Equal(t, []string{"ID", "host", "Zone", "Time", "After"}, topology.FieldsOf[event]().Names())
	x := event{ID: 1, Base: Base{Host: "h", Zone: "z"}, Time: time.Unix(1, 0).UTC(), After: true}
	require.Equal(t, x, topology.As[event](throughTuple(t, x)))
	x.hidden = 1
	require.Zero(t, topology.As[event](throughTuple(t, x)).hidden)
}

func TestStructsCopyListsAndMaps(t *testing.T) {
	x := every{List: []any{"a"}, Map: map[string]any{"k": "v"}}
	tuple := throughTuple(t, x)
	x.List[0], x.Map["k"] = "changed", "changed"
	back := topology.As[every](tuple)
	require.Equal(t, []any{"a"}, back.List)
	require.Equal(t, map[string]any{"k": "v"}, back.Map)
}

// An object is copied when it is emitted, as any value is, and not a view of the struct.
func TestStructsCopyObjects(t *testing.T) {
	registerPlaces()
	x := every{Place: place{1, 2}}
	tuple := throughTuple(t, x)
	x.Place.Lat = 9
	require.Equal(t, place{1, 2}, topology.Object[place](tuple, "Place"))
}

func TestStructIsReadFromWiderTuples(t *testing.T) {
	type word struct {
		Word  string `gale:"word"`
		Count int    `gale:"n"`
	}
	// The same type, read from two streams with other orders in turns.
	for range 2 {
		require.Equal(t, word{"a", 1}, topology.As[word](tupleOf([]string{"n", "other", "word", "more"}, 1, 2.5, "a", nil)))
		require.Equal(t, word{"b", 2}, topology.As[word](tupleOf([]string{"word", "n"}, "b", 2)))
	}
}

func TestStructMisfitsOfATuple(t *testing.T) {
	registerPlaces()
	type word struct {
		Word string `gale:"word"`
	}
	err := panicOf[*topology.FieldError](t, func() { topology.As[word](tupleOf([]string{"wrod"}, "a")) })
	require.EqualError(t, err, `there is no field "word", did you mean "wrod"?: stream "default" of "source" has the fields [wrod]`)
	err = panicOf[*topology.FieldError](t, func() { topology.As[word](tupleOf([]string{"word"}, 1)) })
	require.EqualError(t, err, `field "word" holds int64, not string: stream "default" of "source" has the fields [word]`)

	type at struct{ Place place }
	for _, x := range []any{nil, "a", &place{}, 1} {
		err = panicOf[*topology.FieldError](t, func() { topology.As[at](tupleOf([]string{"Place"}, x)) })
		require.Equal(t, "topology_test.place", err.Want)
	}
}

// fit reads n as a field of type T.
func fit[T any](n any) T {
	return topology.As[struct{ N T }](tupleOf([]string{"N"}, n)).N
}

func TestNarrowIntegersFitOrFail(t *testing.T) {
	for name, c := range map[string]struct {
		fits, fails []any
		read        func(n any)
	}{
		"int8":   {[]any{math.MinInt8, math.MaxInt8}, []any{math.MinInt8 - 1, math.MaxInt8 + 1, math.MaxInt64}, func(n any) { fit[int8](n) }},
		"int16":  {[]any{math.MinInt16, math.MaxInt16}, []any{math.MinInt16 - 1, math.MaxInt16 + 1}, func(n any) { fit[int16](n) }},
		"int32":  {[]any{math.MinInt32, math.MaxInt32}, []any{math.MinInt32 - 1, math.MaxInt32 + 1, 1 << 32}, func(n any) { fit[int32](n) }},
		"int64":  {[]any{math.MinInt64, math.MaxInt64}, []any{1.0}, func(n any) { fit[int64](n) }},
		"uint8":  {[]any{0, math.MaxUint8}, []any{-1, math.MaxUint8 + 1}, func(n any) { fit[uint8](n) }},
		"uint16": {[]any{0, math.MaxUint16}, []any{-1, math.MaxUint16 + 1}, func(n any) { fit[uint16](n) }},
		"uint32": {[]any{0, math.MaxUint32}, []any{-1, math.MaxUint32 + 1}, func(n any) { fit[uint32](n) }},
		"uint64": {[]any{0, math.MaxInt64}, []any{-1, math.MinInt64}, func(n any) { fit[uint64](n) }},
		"uint":   {[]any{0, math.MaxInt64}, []any{-1, "1"}, func(n any) { fit[uint](n) }},
		"grade":  {[]any{math.MaxInt8}, []any{math.MaxInt8 + 1}, func(n any) { fit[grade](n) }},
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range c.fits {
				require.NotPanics(t, func() { c.read(n) })
			}
			for _, n := range c.fails {
				err := panicOf[*topology.FieldError](t, func() { c.read(n) })
				require.Equal(t, "N", err.Field)
			}
		})
	}
}

func TestEmitStructSelects(t *testing.T) {
	type one struct {
		X int `gale:"x"`
	}
	anchor := topology.NewTick()
	out, p := newCollector()
	topology.EmitStruct(out, one{1})
	require.Equal(t, plain, plainly(p.last()))
	topology.EmitStruct(out.Stream("late").Anchored(anchor).Direct(3), one{2})
	require.Equal(t, emission{Values: []any{int64(2)}, Anchoring: topology.AnchorExplicit, Anchors: []*topology.Tuple{anchor}, Direct: 3}, plainly(p.last()))

	spout, p := newSpoutCollector()
	topology.EmitStruct(spout, one{1})
	require.Equal(t, plain, plainly(p.last()))
	topology.EmitStruct(spout.Stream("late").Direct(3), one{2})
	require.Equal(t, emission{Values: []any{int64(2)}, Direct: 3}, plainly(p.last()))
	topology.EmitStructID(spout, "id", one{2})
	require.Equal(t, emission{Stream: 1, Values: []any{int64(2)}, Tracked: true, ID: "id"}, plainly(p.last()))
	topology.EmitStruct(spout, one{1})
	require.Equal(t, plain, plainly(p.last()), "afterwards nothing is selected")
}

func TestEmitStructReportsWhatCannotBeEmitted(t *testing.T) {
	type unsigned struct {
		N uint64 `gale:"n"`
	}
	type list struct{ L []any }
	spout, p := newSpoutCollector()
	topology.EmitStruct(spout, unsigned{math.MaxUint64})
	require.EqualError(t, p.last().Err, `field "n" of topology_test.unsigned: a value of type uint64 can't be emitted: `+
		`it is above the largest int64; emit it as a string or as bytes`)
	topology.EmitStructID(spout, "id", list{[]any{new(int)}})
	require.ErrorContains(t, p.last().Err, `field "L" of topology_test.list: a value of type *int`)
	spout.Emit(1)
	require.Equal(t, plain, plainly(p.last()))
}

func TestReadsWhatIsEmitted(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Spout("s", source).EmitsStruct(topology.FieldsOf[struct {
		A string
		B int64
		C float32
	}]()).EmitsStructOn("more", topology.FieldsOf[struct {
		B int8
		A label
	}]()).EmitsOn("untyped", "A", "B")
	type reads struct {
		B uint16
		A string
	}
	b.Bolt("sink", sink).Shuffle("s").Shuffle(topology.From("s", "more")).Shuffle(topology.From("s", "untyped")).
		Reads(topology.FieldsOf[reads]())
	require.Empty(t, problems(t, b))
}

func TestUnsupportedFieldsAreAProblem(t *testing.T) {
	type unknown struct{ X int }
	for name, fields := range map[string]topology.StructFields{
		"chan":           topology.FieldsOf[struct{ F chan int }](),
		"func":           topology.FieldsOf[struct{ F func() }](),
		"any":            topology.FieldsOf[struct{ F any }](),
		"pointer":        topology.FieldsOf[struct{ F *int }](),
		"slice":          topology.FieldsOf[struct{ F []string }](),
		"array":          topology.FieldsOf[struct{ F [4]byte }](),
		"map":            topology.FieldsOf[struct{ F map[string]string }](),
		"complex":        topology.FieldsOf[struct{ F complex128 }](),
		"uintptr":        topology.FieldsOf[struct{ F uintptr }](),
		"not registered": topology.FieldsOf[struct{ F unknown }](),
	} {
		t.Run(name, func(t *testing.T) {
			for _, declare := range []func(b *topology.Builder){
				func(b *topology.Builder) { b.Spout("x", source).EmitsStruct(fields) },
				func(b *topology.Builder) {
					b.Spout("s", source).Emits("F")
					b.Bolt("x", sink).Shuffle("s").Reads(fields)
				},
			} {
				b := topology.NewBuilder("test")
				declare(b)
				require.NotEmpty(t, problems(t, b))
				require.Contains(t, problems(t, b)[0], "field F of struct")
			}
		})
	}
}

// A field that can't be emitted is never left out silently.
func TestEmitStructOfAnUnsupportedType(t *testing.T) {
	type unfit struct {
		N int
		C chan int
	}
	spout, p := newSpoutCollector()
	topology.EmitStruct(spout, unfit{N: 1})
	require.ErrorContains(t, p.last().Err, "field C of topology_test.unfit is of type chan int, which can't be emitted")
	topology.EmitStructID(spout, "id", 1)
	require.ErrorContains(t, p.last().Err, "int is not a struct")
	spout.Emit(1)
	require.Equal(t, plain, plainly(p.last()))
}

// As encoding/json has it: the exported fields of an embedded struct count, whatever
// its own name.
func TestEmbeddedStructsOfUnexportedTypes(t *testing.T) {
	type event struct {
		origin
		ID int
	}
	require.Equal(t, []string{"host", "Zone", "ID"}, topology.FieldsOf[event]().Names())
	x := event{origin{Host: "h", Zone: "z"}, 1}
	require.Equal(t, x, topology.As[event](throughTuple(t, x)))
}

func TestStructFieldsOfNamedListsMapsAndTimes(t *testing.T) {
	type tags []any
	type labels map[string]any
	type stamp time.Time
	type event struct {
		Tags   tags
		Labels labels
		Stamp  stamp
	}
	x := event{tags{"a"}, labels{"k": int64(1)}, stamp(time.Unix(1, 2))}
	require.Equal(t, x, topology.As[event](throughTuple(t, x)))
}

func TestEmitStructRefusesAnotherOrder(t *testing.T) {
	type pair struct {
		A, B int
	}
	p := &port{}
	out := topology.NewCollector(p, []*topology.Stream{{Component: "c", Name: topology.DefaultStream, Fields: []string{"B", "A"}}})
	topology.EmitStruct(out, pair{1, 2})
	require.ErrorContains(t, p.last().Err, `the stream was declared with ["B" "A"]`)
}
