package codec

import (
	"encoding"
	"fmt"
	"reflect"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// TypeError says that a type, or a value of it, can't be encoded.
type TypeError struct {
	Type   reflect.Type
	Field  string // the path to the field that can't, "" for the type itself
	Reason string
}

// Error implements error.
func (e *TypeError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("type %v: %s", e.Type, e.Reason)
	}
	return fmt.Sprintf("type %v: %s: %s", e.Type, e.Field, e.Reason)
}

var (
	encoders = []reflect.Type{
		reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	decoders = []reflect.Type{
		reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](),
		reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

// selfMade reports whether a type has an encoding or decoding of its own.
func selfMade(t reflect.Type) bool { return has(t, encoders) || has(t, decoders) }

func has(t reflect.Type, any []reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	for _, i := range any {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

// walk walks over a type.
type walk struct {
	within []reflect.Type // that the type which is looked at is part of
	open   bool           // a type holds itself, or anything
}

// misfit is what can't be encoded, and where.
type misfit struct{ field, reason string }

// encodable returns what of a type the library can't encode, nil when it can encode all. The path is that of t.
func (w *walk) encodable(t reflect.Type, path string) *misfit {
	for _, outer := range w.within {
		if outer == t {
			w.open = true
			return nil
		}
	}
	if t == reflect.TypeFor[time.Time]() {
		return nil
	}
	if selfMade(t) {
		if has(t, encoders) && has(t, decoders) {
			return nil
		}
		return &misfit{path, fmt.Sprintf("%v has methods to be encoded or decoded by, but not both", t)}
	}
	w.within = append(w.within, t)
	defer func() { w.within = w.within[:len(w.within)-1] }()
	return w.kind(t, path)
}

func (w *walk) kind(t reflect.Type, path string) *misfit {
	switch t.Kind() {
	case reflect.Pointer:
		return w.encodable(t.Elem(), path)
	case reflect.Slice, reflect.Array:
		return w.encodable(t.Elem(), path+"[]")
	case reflect.Map:
		if m := w.encodable(t.Key(), path+"[key]"); m != nil {
			return m
		}
		return w.encodable(t.Elem(), path+"[]")
	case reflect.Struct:
		return w.fields(t, path)
	case reflect.Interface:
		w.open = true
		if t.NumMethod() == 0 {
			return nil
		}
		return &misfit{path, fmt.Sprintf("%v is an interface; which type it holds would be lost", t)}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return &misfit{path, fmt.Sprintf("a %v can't be encoded", t.Kind())}
	}
	return nil
}

// fields refuses fields that would be left out, unless the author has said so.
func (w *walk) fields(t reflect.Type, path string) *misfit {
	for f := range fieldsOf(t) {
		if f.Tag.Get("msgpack") == "-" || f.Name == "_" {
			continue
		}
		if path != "" {
			f.Name = path + "." + f.Name
		}
		if !f.IsExported() && !f.Anonymous {
			return &misfit{f.Name, "the field is not exported, and would be lost: export it, give the type MarshalBinary and UnmarshalBinary, or tag the field `msgpack:\"-\"`"}
		}
		if m := w.encodable(f.Type, f.Name); m != nil {
			return m
		}
	}
	return nil
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}
