package codec

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// AppendSlice appends the elements as one chunk, which [DecodeSlice] reads. After an error b is as it was. A chunk of 4 GiB is an error.
func AppendSlice[T any](c Codec[T], b []byte, xs []T) ([]byte, error) {
	more := binary.AppendUvarint(b, uint64(len(xs)))
	start := len(more) + 4
	more = append(more, 0, 0, 0, 0)
	var err error
	for i := range xs {
		if more, err = c.Append(more, xs[i]); err != nil {
			return b, err
		}
	}
	n := len(more) - start
	if uint64(n) > math.MaxUint32 {
		return b, &TypeError{Type: reflect.TypeFor[T](), Reason: "a chunk of it has more than 4 GiB; send less at a time"}
	}
	binary.LittleEndian.PutUint32(more[start-4:], uint32(n))
	return more, nil
}

// DecodeSlice appends the elements of the chunk that b begins with to xs, and returns the longer slice and what follows the chunk.
// After an error both are as they were.
func DecodeSlice[T any](c Codec[T], xs []T, b []byte) (more []T, rest []byte, err error) {
	in := input{b: b}
	n, err := in.length()
	if err != nil {
		return xs, b, err
	}
	head, err := in.take(4)
	if err != nil {
		return xs, b, err
	}
	body, err := in.take(int(binary.LittleEndian.Uint32(head)))
	if err != nil {
		return xs, b, err
	}
	chunk := input{b: body, shared: true}
	more, err = elements(inner(c), &chunk, xs, n)
	if err == nil && chunk.left() > 0 {
		err = chunk.corrupt("%d bytes follow the last element of a chunk", chunk.left())
	}
	if err != nil {
		return xs, b, err
	}
	return more, in.rest(), nil
}

// elements reads n elements. Memory is taken at once for as many as 32 times the input would hold, and for more as they come: an
// element may be larger than its encoding.
func elements[T any](c codec[T], in *input, xs []T, n int) ([]T, error) {
	if n > in.left() {
		return xs, in.corrupt("it states %d elements, and %d bytes are left", n, in.left())
	}
	var zero T
	xs = slices.Grow(xs, min(n, 1+32*in.left()/max(1, int(unsafe.Sizeof(zero)))))
	for range n {
		x, err := c.read(in)
		if err != nil {
			return xs, err
		}
		xs = append(xs, x)
	}
	return xs, nil
}

// sliceCodec encodes slices as values.
type sliceCodec[T any] struct{ codec codec[T] }

func (s sliceCodec[T]) Append(b []byte, xs []T) ([]byte, error) {
	if xs == nil {
		return append(b, 0), nil
	}
	more := binary.AppendUvarint(b, uint64(len(xs))+1)
	var err error
	for i := range xs {
		if more, err = s.codec.Append(more, xs[i]); err != nil {
			return b, err
		}
	}
	return more, nil
}

func (s sliceCodec[T]) Decode(b []byte) ([]T, []byte, error) { return decode(s, b) }

// Size takes the first element for all.
func (s sliceCodec[T]) Size(xs []T) int {
	if len(xs) == 0 {
		return 1
	}
	return 2 + len(xs)*s.codec.Size(xs[0])
}

func (s sliceCodec[T]) read(in *input) ([]T, error) {
	n, err := in.lengthOrNil()
	if err != nil || n < 0 {
		return nil, err
	}
	return elements(s.codec, in, []T{}, n)
}

// sliced is implemented by the types of this package whose slices have a hand-made form.
type sliced interface {
	sliceCodec() (any, error)
}

// sliceFor is the codec of a slice whose elements have a hand-made form, nil for others.
func sliceFor[T any](t reflect.Type) (Codec[T], error) {
	if selfMade(t) || t.Elem() != reflect.TypeFor[time.Time]() && selfMade(t.Elem()) {
		return nil, nil
	}
	if t.Elem() == reflect.TypeFor[time.Time]() {
		return under[T](sliceCodec[time.Time]{timeCodec{}}), nil
	}
	if s, ok := reflect.Zero(t.Elem()).Interface().(sliced); ok && t.Elem().Kind() == reflect.Struct {
		c, err := s.sliceCodec()
		own, _ := c.(Codec[T]) // nil when T is derived from the slice
		return own, err
	}
	return simpleSlice[T](t.Elem()), nil
}

func simpleSlice[T any](elem reflect.Type) Codec[T] {
	switch elem.Kind() {
	case reflect.Bool:
		return under[T](sliceCodec[bool]{boolCodec{}})
	case reflect.String:
		return under[T](sliceCodec[string]{stringCodec{}})
	case reflect.Float32:
		return under[T](sliceCodec[float32]{float32Codec{}})
	case reflect.Float64:
		return under[T](sliceCodec[float64]{float64Codec{}})
	case reflect.Slice:
		if elem.Elem().Kind() == reflect.Uint8 && !selfMade(elem.Elem()) {
			return under[T](sliceCodec[[]byte]{bytesCodec{}})
		}
		return nil
	}
	return integerSlice[T](elem)
}

func integerSlice[T any](elem reflect.Type) Codec[T] {
	switch elem.Kind() {
	case reflect.Int:
		return under[T](sliceCodec[int]{signed[int]{}})
	case reflect.Int8:
		return under[T](sliceCodec[int8]{signed[int8]{}})
	case reflect.Int16:
		return under[T](sliceCodec[int16]{signed[int16]{}})
	case reflect.Int32:
		return under[T](sliceCodec[int32]{signed[int32]{}})
	case reflect.Int64:
		return under[T](sliceCodec[int64]{signed[int64]{}})
	case reflect.Uint:
		return under[T](sliceCodec[uint]{unsigned[uint]{}})
	case reflect.Uint8:
		return under[T](bytesCodec{})
	case reflect.Uint16:
		return under[T](sliceCodec[uint16]{unsigned[uint16]{}})
	case reflect.Uint32:
		return under[T](sliceCodec[uint32]{unsigned[uint32]{}})
	case reflect.Uint64:
		return under[T](sliceCodec[uint64]{unsigned[uint64]{}})
	}
	return nil
}
