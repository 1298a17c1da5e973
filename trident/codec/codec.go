package codec

import (
	"reflect"
	"time"
	"unsafe"
)

// Codec encodes values of one type. It may be used by any number of goroutines at once. [For] makes one.
type Codec[T any] interface {
	// Append appends x, at least one byte, and returns the longer slice. After an error b is as it was.
	Append(b []byte, x T) ([]byte, error)
	// Decode reads a value from the beginning of b, and returns it and what follows it. The value shares no memory with b.
	Decode(b []byte) (x T, rest []byte, err error)
	// Size is about how many bytes Append would add. It is cheap, and looks no deeper than the fields of a struct.
	Size(x T) int
}

// Encoded is what a type implements that brings a codec of its own, as generic types must: they can't be told by a switch. The
// method is called once, on the zero value.
type Encoded[T any] interface {
	TridentCodec() (Codec[T], error)
}

// For returns the codec of a type. The error is a *[TypeError], and says which field of it can't be encoded.
func For[T any]() (Codec[T], error) {
	var zero T
	if own, ok := any(zero).(Encoded[T]); ok {
		return own.TridentCodec()
	}
	t := reflect.TypeFor[T]()
	if t == reflect.TypeFor[time.Time]() {
		return cast[T](timeCodec{}), nil
	}
	if !selfMade(t) {
		if c := simple[T](t); c != nil {
			return c, nil
		}
	}
	if t.Kind() == reflect.Slice {
		if c, err := sliceFor[T](t); c != nil || err != nil {
			return c, err
		}
	}
	return packedFor[T](t)
}

// simple is the codec of types that are a boolean, number or string underneath, nil for others.
func simple[T any](t reflect.Type) Codec[T] {
	switch t.Kind() {
	case reflect.Bool:
		return under[T](boolCodec{})
	case reflect.String:
		return under[T](stringCodec{})
	case reflect.Float32:
		return under[T](float32Codec{})
	case reflect.Float64:
		return under[T](float64Codec{})
	}
	return integer[T](t)
}

func integer[T any](t reflect.Type) Codec[T] {
	switch t.Kind() {
	case reflect.Int:
		return under[T](signed[int]{})
	case reflect.Int8:
		return under[T](signed[int8]{})
	case reflect.Int16:
		return under[T](signed[int16]{})
	case reflect.Int32:
		return under[T](signed[int32]{})
	case reflect.Int64:
		return under[T](signed[int64]{})
	case reflect.Uint:
		return under[T](unsigned[uint]{})
	case reflect.Uint8:
		return under[T](unsigned[uint8]{})
	case reflect.Uint16:
		return under[T](unsigned[uint16]{})
	case reflect.Uint32:
		return under[T](unsigned[uint32]{})
	case reflect.Uint64:
		return under[T](unsigned[uint64]{})
	case reflect.Uintptr:
		return nil // it means nothing elsewhere
	}
	return nil
}

// codec is what the codecs of this package are besides: they decode from an input, whose strings may share memory.
type codec[T any] interface {
	Codec[T]
	read(in *input) (T, error)
}

// under is c itself when T is U, and else a codec that takes the one for the other. T must be U underneath.
func under[T, U any](c codec[U]) Codec[T] {
	if same, ok := any(c).(Codec[T]); ok {
		return same
	}
	return derived[T, U]{c}
}

// cast is c, which is a codec of T though the compiler doesn't know.
func cast[T any](c any) Codec[T] { return c.(Codec[T]) }

// derived encodes a type as the one that it is underneath.
type derived[T, U any] struct{ codec codec[U] }

func (d derived[T, U]) Append(b []byte, x T) ([]byte, error)     { return d.codec.Append(b, as[U](x)) }
func (d derived[T, U]) Decode(b []byte) (x T, _ []byte, _ error) { return decode(d, b) }
func (d derived[T, U]) Size(x T) int                             { return d.codec.Size(as[U](x)) }
func (d derived[T, U]) read(in *input) (T, error) {
	x, err := d.codec.read(in)
	return as[T](x), err
}

// as is x as another type that is the same underneath. The callers have compared the kinds, and of slices
// those of the elements.
func as[U, T any](x T) U { return *(*U)(unsafe.Pointer(&x)) }

// foreign reads with a codec that is not of this package.
type foreign[T any] struct{ Codec[T] }

func (f foreign[T]) read(in *input) (T, error) {
	x, rest, err := f.Decode(in.rest())
	if err != nil {
		return x, err
	}
	if left := len(rest); left > in.left() {
		return x, in.corrupt("the type's codec returned more than it was given")
	}
	in.pos = len(in.b) - len(rest)
	return x, nil
}

// inner is the codec as one that reads from an input.
func inner[T any](c Codec[T]) codec[T] {
	if own, ok := c.(codec[T]); ok {
		return own
	}
	return foreign[T]{c}
}

// decode is the Decode of the codecs that read.
func decode[T any](c codec[T], b []byte) (x T, rest []byte, err error) {
	in := input{b: b}
	if x, err = c.read(&in); err != nil {
		var none T
		return none, b, err
	}
	return x, in.rest(), nil
}
