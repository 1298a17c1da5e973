package topology

import (
	"fmt"
	"reflect"
	"unsafe"
)

// StructFields is what the fields of a struct type make of a stream. See [FieldsOf].
type StructFields struct {
	plan     *structPlan
	problems []string
}

// FieldsOf returns the fields that the struct type T declares for a stream: each exported
// field, by the name in its tag `gale:"name"` or else its own; `gale:"-"` leaves one
// out, and embedded structs are read as if their fields stood in T. Field types
// are those of [Of]'s set, named types of them, time.Duration, and types registered
// with [Register]. What doesn't fit is reported by Build.
func FieldsOf[T any]() StructFields {
	p := planOf(reflect.TypeFor[T]())
	return StructFields{plan: p, problems: p.problems}
}

// Names returns the fields' names, in order.
func (f StructFields) Names() []string {
	var names []string
	for _, x := range f.plan.fields {
		names = append(names, x.name)
	}
	return names
}

func (f StructFields) kinds() []fieldKind {
	var kinds []fieldKind
	for _, x := range f.plan.fields {
		kinds = append(kinds, x.kind)
	}
	return kinds
}

// misfits says what keeps tuples of the stream from being read as the struct.
func (f StructFields) misfits(s *Stream) []string {
	var out []string
	for _, x := range f.plan.fields {
		i := s.Index(x.name)
		if i < 0 {
			out = append(out, fmt.Sprintf("reads stream %q of %q as %v, which has no field %q%s", s.Name, s.Component, f.plan.typ, x.name, didYouMean(x.name, s.Fields)))
		} else if s.kinds != nil && s.kinds[i].held() != x.kind.held() {
			out = append(out, fmt.Sprintf("reads field %q of stream %q of %q as %v, but it is emitted as %v", x.name, s.Name, s.Component, x.kind.held(), s.kinds[i].held()))
		}
	}
	return out
}

// EmitStruct emits the fields of x, for a stream that was declared with FieldsOf[T].
// out is a collector or an emitter.
func EmitStruct[T any, O structOutlet](out O, x T) {
	emitStruct(out, planOf(reflect.TypeFor[T]()), unsafe.Pointer(&x))
}

// EmitStructID emits the fields of x with a message id. See [SpoutCollector.EmitID].
func EmitStructID[T any](out *SpoutCollector, id any, x T) {
	o := &out.out
	if !o.begin() {
		return
	}
	planOf(reflect.TypeFor[T]()).emit(o, o.main, unsafe.Pointer(&x))
	o.e.Stream, o.e.Tracked, o.e.ID = o.main, true, id
	o.port.Emit(&o.e)
	o.e.Tracked, o.e.ID, o.e.Err, o.busy = false, nil, nil, false
}

type structOutlet interface {
	*Collector | *SpoutCollector | Emitter | SpoutEmitter
}

func emitStruct[O structOutlet](out O, p *structPlan, x unsafe.Pointer) {
	e := emitterOf(&out)
	if e.out.begin() {
		p.emit(e.out, e.stream, x)
		e.send()
	}
}

// emitterOf takes a pointer because what goes into an any as it is, and on to a
// port, would be boxed on the heap.
func emitterOf[O structOutlet](out *O) Emitter {
	switch out := any(out).(type) {
	case **Collector:
		o := &(*out).out
		return Emitter{out: o, stream: o.main, name: DefaultStream}
	case **SpoutCollector:
		o := &(*out).out
		return Emitter{out: o, stream: o.main, name: DefaultStream}
	case *SpoutEmitter:
		return out.e
	}
	return *any(out).(*Emitter)
}

// As reads the tuple as a struct: each field of T from the field of its name. The tuple
// may have more. Like the accessors of a tuple it panics with a [*FieldError], which
// fails the tuple, when a field is missing or of another type.
func As[T any](t *Tuple) T {
	var x T
	planOf(reflect.TypeFor[T]()).read(t, unsafe.Pointer(&x))
	return x
}
