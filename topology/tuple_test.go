package topology_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

type reading struct{ celsius float64 }

var (
	everyField = []string{"string", "int", "float", "bool", "bytes", "time", "list", "map", "object", "nothing"}
	everyValue = []any{"a", 1, 2.5, true, []byte("b"), time.Unix(1, 0).UTC(), []any{"c"}, map[string]any{"d": "e"}, &reading{21}, nil}
)

// accessors read a field by each of the typed accessors; by the type that they return.
var accessors = map[string]func(t *topology.Tuple, field string) any{
	"string":                 func(t *topology.Tuple, field string) any { return t.String(field) },
	"int64":                  func(t *topology.Tuple, field string) any { return t.Int(field) },
	"float64":                func(t *topology.Tuple, field string) any { return t.Float(field) },
	"bool":                   func(t *topology.Tuple, field string) any { return t.Bool(field) },
	"[]byte":                 func(t *topology.Tuple, field string) any { return t.Bytes(field) },
	"time.Time":              func(t *topology.Tuple, field string) any { return t.Time(field) },
	"[]any":                  func(t *topology.Tuple, field string) any { return t.List(field) },
	"map[string]any":         func(t *topology.Tuple, field string) any { return t.Map(field) },
	"*topology_test.reading": func(t *topology.Tuple, field string) any { return topology.Object[*reading](t, field) },
}

// typeOf is the accessors' key for each field of everyField.
var typeOf = map[string]string{
	"string": "string", "int": "int64", "float": "float64", "bool": "bool", "bytes": "[]byte", "time": "time.Time",
	"list": "[]any", "map": "map[string]any", "object": "*topology_test.reading", "nothing": "nil",
}

func TestAccessorsReturnWhatWasEmitted(t *testing.T) {
	tuple := tupleOf(everyField, everyValue...)
	for i, field := range everyField[:9] {
		want := topology.Of(everyValue[i]).Any()
		require.Equal(t, want, accessors[typeOf[field]](tuple, field))
		require.Equal(t, want, tuple.Value(field).Any())
		require.Equal(t, want, tuple.At(i).Any())
	}
	require.Equal(t, topology.KindNil, tuple.Value("nothing").Kind())
}

// Every accessor refuses every field of another type, and says what it found.
func TestAccessorsRefuseOtherTypes(t *testing.T) {
	tuple := tupleOf(everyField, everyValue...)
	for want, access := range accessors {
		for _, field := range everyField {
			found := typeOf[field]
			if found == want {
				continue
			}
			err := panicOf[*topology.FieldError](t, func() { access(tuple, field) })
			require.Equal(t, &topology.FieldError{
				Component: "source", Stream: "default", Field: field, Fields: everyField, Want: want, Found: found,
			}, err)
		}
	}
}

func TestWrongTypeIsExplained(t *testing.T) {
	tuple := tupleOf([]string{"word", "count"}, "a", 1)
	err := panicOf[*topology.FieldError](t, func() { tuple.String("count") })
	require.EqualError(t, err, `field "count" holds int64, not string: stream "default" of "source" has the fields [word count]`)
}

func TestWrongNameIsExplained(t *testing.T) {
	tuple := tupleOf([]string{"word", "count"}, "a", 1)
	err := panicOf[*topology.FieldError](t, func() { tuple.Int("cuont") })
	require.EqualError(t, err, `there is no field "cuont", did you mean "count"?: stream "default" of "source" has the fields [word count]`)
	require.Equal(t, "cuont", err.Field)

	err = panicOf[*topology.FieldError](t, func() { tuple.Value("zzz") })
	require.EqualError(t, err, `there is no field "zzz": stream "default" of "source" has the fields [word count]`)
}

func TestEveryAccessorRefusesUnknownNames(t *testing.T) {
	tuple := tupleOf(everyField, everyValue...)
	for name, access := range accessors {
		t.Run(name, func(t *testing.T) {
			err := panicOf[*topology.FieldError](t, func() { access(tuple, "strin") })
			require.ErrorContains(t, err, `there is no field "strin", did you mean "string"?`)
		})
	}
}

func TestObjectOfAnotherType(t *testing.T) {
	tuple := tupleOf([]string{"x"}, &reading{21})
	err := panicOf[*topology.FieldError](t, func() { topology.Object[reading](tuple, "x") })
	require.Equal(t, "*topology_test.reading", err.Found)
	require.Equal(t, "topology_test.reading", err.Want)
}

func TestTuplesOfAnyWidth(t *testing.T) {
	for _, width := range []int{0, 1, 3, 4, 200, 255} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			fields, values := numbered(width, 0)
			tuple := tupleOf(fields, values...)
			require.Equal(t, width, tuple.Len())
			require.Equal(t, fields, tuple.Fields())
			require.Len(t, tuple.Values(), width)
			for i, field := range fields {
				require.Equal(t, int64(i), tuple.Int(field))
			}
			require.Panics(t, func() { tuple.At(width) })
			require.Panics(t, func() { tuple.At(-1) })
		})
	}
}

// numbered returns width fields with the values first, first+1, ...
func numbered(width, first int) (fields []string, values []any) {
	for i := range width {
		fields, values = append(fields, fmt.Sprint("f", i)), append(values, first+i)
	}
	return fields, values
}

func TestTupleTellsWhereItComesFrom(t *testing.T) {
	s := &topology.Stream{Component: "split", Name: "late", Fields: []string{"word"}}
	slab := topology.NewSlab(1)
	slab.From = 7
	tuple := slab.Add(s, valuesOf("a"), 1, 2)

	require.Equal(t, "split", tuple.Component())
	require.Equal(t, "late", tuple.Stream())
	require.Equal(t, topology.TaskID(7), tuple.Task())
	require.Same(t, s, tuple.Source())
	require.Equal(t, 1, tuple.Attempt())
	require.False(t, tuple.IsTick())
	tuple.Delivery().Tries = 2
	require.Equal(t, 3, tuple.Attempt())
}

func TestTick(t *testing.T) {
	tick := topology.NewTick()
	require.True(t, tick.IsTick())
	require.Equal(t, topology.TaskID(0), tick.Task())
	require.Zero(t, tick.Len())
	require.Zero(t, tick.Delivery().Root)
	require.Error(t, topology.CheckName(tick.Component()), "no author's component can have the name")
}

func TestTupleStateNames(t *testing.T) {
	require.Equal(t, "unsettled", topology.Unsettled.String())
	require.Equal(t, "acked", topology.Acked.String())
	require.Equal(t, "failed", topology.Failed.String())
}
