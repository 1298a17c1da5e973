package codec

import (
	"fmt"
	"reflect"
	"time"
)

// Keys encodes the keys of a state. The form is the same in every build, and two keys have the same form only if they are equal in
// Go; except that times are equal when their instants are, and every NaN is the same. The order of the forms is the order of the
// keys: bytes for strings, by value for numbers and times, field by field for structs.
//
//	string            its bytes; in a struct or array with 00 ff for each 00, and 00 01 behind them
//	bool              00 or 01
//	int8 .. int64     big-endian, with the sign bit flipped; int takes 8 bytes
//	uint8 .. uint64   big-endian; uint takes 8 bytes
//	float32, float64  their bits, big-endian: all flipped when negative, else the sign bit
//	time.Time         seconds since 1970 as an int64, nanoseconds as a uint32; decoded in UTC
//	struct, array     fields or elements, in their order
type Keys[K comparable] struct {
	// Append appends the form of k and returns the longer slice. It may be called from any goroutine.
	Append func(b []byte, k K) []byte
	// Decode is the key whose form b is, all of it. It may be called from any goroutine. An error is a *[CorruptError].
	Decode func(b []byte) (K, error)
}

// Key returns how keys of a type are encoded. The error is a *[TypeError]: pointers, interfaces and channels can't be keys, as
// they would be others elsewhere, nor can structs with fields that are not exported.
func Key[K comparable]() (Keys[K], error) {
	t := reflect.TypeFor[K]()
	if err := keyable(t, ""); err != nil {
		return Keys[K]{}, &TypeError{Type: t, Field: err.field, Reason: err.reason}
	}
	if k, ok := fastKeys[K](t); ok {
		return k, nil
	}
	return Keys[K]{
		Append: func(b []byte, k K) []byte { return appendKey(b, reflect.ValueOf(&k).Elem()) },
		Decode: func(b []byte) (k K, err error) {
			in := input{b: b}
			if err = readKey(&in, reflect.ValueOf(&k).Elem()); err == nil && in.left() > 0 {
				err = in.corrupt("%d bytes follow the key", in.left())
			}
			return k, err
		},
	}, nil
}

// fastKeys are those of the types that are most used as keys.
func fastKeys[K comparable](t reflect.Type) (k Keys[K], ok bool) {
	switch t.Kind() {
	case reflect.String:
		k.Append = func(b []byte, k K) []byte { return append(b, as[string](k)...) }
		k.Decode = func(b []byte) (K, error) { return as[K](string(b)), nil }
		return k, true
	case reflect.Int64:
		return ordered(func(k K) uint64 { return uint64(as[int64](k)) ^ sign }, func(n uint64) K { return as[K](int64(n ^ sign)) }), true
	case reflect.Int:
		return ordered(func(k K) uint64 { return uint64(as[int](k)) ^ sign }, func(n uint64) K { return as[K](int(n ^ sign)) }), true
	case reflect.Uint64:
		return ordered(func(k K) uint64 { return as[uint64](k) }, func(n uint64) K { return as[K](n) }), true
	}
	return k, false
}

// keyable returns what of a type can't be part of a key, nil when all can.
func keyable(t reflect.Type, path string) *misfit {
	if t == reflect.TypeFor[time.Time]() {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return keyableFields(t, path)
	case reflect.Array:
		return keyable(t.Elem(), path+"[]")
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return &misfit{path, fmt.Sprintf("a %v can't be part of a key", t.Kind())}
	}
	return nil
}

func keyableFields(t reflect.Type, path string) *misfit {
	for f := range fieldsOf(t) {
		if f.Name == "_" {
			continue
		}
		if path != "" {
			f.Name = path + "." + f.Name
		}
		if !f.IsExported() {
			return &misfit{f.Name, "the field is part of a key and not exported: export it"}
		}
		if m := keyable(f.Type, f.Name); m != nil {
			return m
		}
	}
	return nil
}
