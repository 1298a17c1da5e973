package topology

import (
	"fmt"
	"strings"
	"time"
	"unsafe"
)

// TaskID names a task within its topology. Ids begin at 1 and are given out in the
// order of component names; 0 is no task.
type TaskID uint32

// Tuple is what a bolt receives: the values of one emit and where they came from.
//
// With automatic acking a tuple may be used until Execute returns, no longer: its
// memory is then reused (values that were read from it stay valid). With
// manual acking it stays valid until it is garbage.
type Tuple struct {
	d      Delivery
	source *Stream
	only   Value // the value, if there is one; several lie together in the slab
}

// A tuple is 64 bytes long: one cache line has to go from the emitter's core to the receiver's, where
// 104 bytes with room for three values made it nearly two.

// Delivery is what a runtime keeps with a tuple about its tree; bolts have no use for
// it. See [Tuple.Delivery].
type Delivery struct {
	Root  uint64     // the tree it belongs to, 0 for none
	Edge  uint64     // its own edge in that tree
	Born  uint64     // XOR of the edges that were anchored to it
	Slab  *Slab      // where it lies
	wide  uint32     // where its values begin in the slab, when they are not inline
	Tries uint16     // how often it was executed before
	State TupleState // whether it was acked or failed
	n     uint8      // number of values
}

// Link is an edge of a tuple in one tree.
type Link struct {
	Root, Edge, Born uint64
}

// TupleState says what has become of a tuple.
type TupleState uint8

// The states of a tuple.
const (
	Unsettled TupleState = iota
	Acked
	Failed
)

// String returns "unsettled", "acked" or "failed".
func (s TupleState) String() string { return [...]string{"unsettled", "acked", "failed"}[s] }

// Delivery gives a runtime access to what it keeps with the tuple.
func (t *Tuple) Delivery() *Delivery { return &t.d }

// Component returns the id of the component that emitted the tuple.
func (t *Tuple) Component() string { return t.source.Component }

// Stream returns the stream that the tuple was emitted on.
func (t *Tuple) Stream() string { return t.source.Name }

// Task returns the task that emitted the tuple, 0 for ticks.
func (t *Tuple) Task() TaskID { return t.d.Slab.From }

// Attempt returns how many times the bolt has been given this tuple, this one
// included: 1 unless a retry policy gives it again.
func (t *Tuple) Attempt() int { return int(t.d.Tries) + 1 }

// IsTick reports whether the tuple is a tick of the interval that the bolt was
// declared with, instead of data.
func (t *Tuple) IsTick() bool { return t.source == tickStream }

// Fields returns the names of the values, which must not be changed.
func (t *Tuple) Fields() []string { return t.source.Fields }

// Source returns the declaration of the stream that the tuple was emitted on.
func (t *Tuple) Source() *Stream { return t.source }

// Len returns the number of values.
func (t *Tuple) Len() int { return int(t.d.n) }

// At returns value i. It panics when i is not in [0, Len()).
func (t *Tuple) At(i int) Value {
	return t.Values()[i]
}

// Values returns the values, which must not be changed. The slice is valid as
// long as the tuple.
func (t *Tuple) Values() []Value {
	if t.d.n == 1 {
		return unsafe.Slice(&t.only, 1)
	}
	return t.d.Slab.wide[t.d.wide:][:t.d.n:t.d.n]
}

// field returns the value of the named field.
func (t *Tuple) field(name string) *Value {
	for i, f := range t.source.Fields {
		if f == name {
			return &t.Values()[i]
		}
	}
	panic(&FieldError{Component: t.Component(), Stream: t.Stream(), Field: name, Fields: t.source.Fields})
}

func (t *Tuple) wrongKind(name string, v *Value, want string) *FieldError {
	return &FieldError{Component: t.Component(), Stream: t.Stream(), Field: name, Fields: t.source.Fields, Want: want, Found: v.describe()}
}

// FieldError says that a tuple has no such field, or that the field holds a value of
// another type. The accessors of a tuple panic with it, and the runtime
// turns that panic into the failure of this one tuple: the bolt goes on.
type FieldError struct {
	Component, Stream string   // where the tuple came from
	Field             string   // what was asked for
	Fields            []string // what the stream has
	Want, Found       string   // Go types; both empty when there is no such field
}

// Error names the component, the stream, its fields and the type found.
func (e *FieldError) Error() string {
	at := fmt.Sprintf("stream %q of %q has the fields [%s]", e.Stream, e.Component, strings.Join(e.Fields, " "))
	if e.Want != "" {
		return fmt.Sprintf("field %q holds %s, not %s: %s", e.Field, e.Found, e.Want, at)
	}
	return fmt.Sprintf("there is no field %q%s: %s", e.Field, didYouMean(e.Field, e.Fields), at)
}

func (v *Value) describe() string {
	if v.Kind() == KindObject {
		return fmt.Sprintf("%T", v.Any())
	}
	return v.Kind().String()
}

// Value returns the named field. Like the accessors below it panics with a
// [*FieldError], which fails the tuple, when the stream has no such field.
func (t *Tuple) Value(name string) Value { return *t.field(name) }

// String returns the named field, a string.
func (t *Tuple) String(name string) string {
	v := t.field(name)
	s, ok := v.AsString()
	if !ok {
		panic(t.wrongKind(name, v, "string"))
	}
	return s
}

// Int returns the named field, an integer.
func (t *Tuple) Int(name string) int64 {
	v := t.field(name)
	i, ok := v.AsInt()
	if !ok {
		panic(t.wrongKind(name, v, "int64"))
	}
	return i
}

// Float returns the named field, a float64.
func (t *Tuple) Float(name string) float64 {
	v := t.field(name)
	f, ok := v.AsFloat()
	if !ok {
		panic(t.wrongKind(name, v, "float64"))
	}
	return f
}

// Bool returns the named field, a bool.
func (t *Tuple) Bool(name string) bool {
	v := t.field(name)
	b, ok := v.AsBool()
	if !ok {
		panic(t.wrongKind(name, v, "bool"))
	}
	return b
}

// Bytes returns the named field, a []byte that must not be changed.
func (t *Tuple) Bytes(name string) []byte {
	v := t.field(name)
	b, ok := v.AsBytes()
	if !ok {
		panic(t.wrongKind(name, v, "[]byte"))
	}
	return b
}

// Time returns the named field, a time.
func (t *Tuple) Time(name string) time.Time {
	v := t.field(name)
	at, ok := v.AsTime()
	if !ok {
		panic(t.wrongKind(name, v, "time.Time"))
	}
	return at
}

// List returns the named field, a list that must not be changed.
func (t *Tuple) List(name string) []any {
	v := t.field(name)
	l, ok := v.AsList()
	if !ok {
		panic(t.wrongKind(name, v, "[]any"))
	}
	return l
}

// Map returns the named field, a map that must not be changed.
func (t *Tuple) Map(name string) map[string]any {
	v := t.field(name)
	m, ok := v.AsMap()
	if !ok {
		panic(t.wrongKind(name, v, "map[string]any"))
	}
	return m
}

// Object returns the named field of t, which was emitted as topology.Of(x) with
// an x of type T. Like the accessors of a tuple it panics with a [*FieldError].
func Object[T any](t *Tuple, name string) T {
	v := t.field(name)
	x, ok := v.Any().(T)
	if !ok {
		panic(t.wrongKind(name, v, fmt.Sprintf("%T", *new(T))))
	}
	return x
}
