package codec

import (
	"fmt"
	"reflect"
	"slices"
)

// Form reads values of a type that is only known by what [FormOf] has said of it. It may be used by any number of goroutines at once.
type Form struct{ shape }

// shape is a type, and how its values are read into one.
type shape struct {
	t      reflect.Type
	weight int // about how many bytes a value takes in memory at least
	read   func(in *input, v reflect.Value) error
}

// ParseForm returns how values are read that are encoded in a form. The error says what of the text is no form.
func ParseForm(text string) (*Form, error) {
	s, err := parseForm(text)
	if err != nil {
		return nil, fmt.Errorf("%.80q is no form of values: %w", text, err)
	}
	return &Form{s}, nil
}

// Show reads a value and gives it as [Text] gives one of the type itself. The error is a *[CorruptError] when the bytes are not of the form.
func (f *Form) Show(value []byte) (string, error) {
	v := reflect.New(f.t).Elem()
	in := input{b: value}
	if err := f.read(&in, v); err != nil {
		return "", err
	}
	if in.left() > 0 {
		return "", in.corrupt("%d bytes follow the value", in.left())
	}
	return Text(v.Interface()), nil
}

// KeyForm encodes keys of a type that is only known by what [KeyFormOf] has said of it. It may be used by any number of goroutines at once.
type KeyForm struct{ t reflect.Type }

// ParseKeyForm returns how keys are encoded that are of a form. The error says what of the text is no form.
func ParseKeyForm(text string) (*KeyForm, error) {
	t, err := parseKeyType(text)
	if err != nil {
		return nil, fmt.Errorf("%.80q is no form of keys: %w", text, err)
	}
	return &KeyForm{t}, nil
}

// Encode reads a key that a person has written, as [ParseKey] does, and encodes it as [Key] does.
func (f *KeyForm) Encode(text string) ([]byte, error) {
	k := reflect.New(f.t)
	if err := parseKey(text, k); err != nil {
		return nil, err
	}
	if f.t.Kind() == reflect.String {
		return []byte(k.Elem().String()), nil
	}
	return appendKey(nil, k.Elem()), nil
}

// plainOf is the shape of a type that a codec of this package has by itself.
func plainOf[T any](c codec[T]) shape {
	t := reflect.TypeFor[T]()
	return shape{t, max(1, int(t.Size())), func(in *input, v reflect.Value) error {
		x, err := c.read(in)
		if err == nil {
			v.Set(reflect.ValueOf(x))
		}
		return err
	}}
}

var plainForms = map[string]shape{
	"bool": plainOf(boolCodec{}), "string": plainOf(stringCodec{}), "bytes": plainOf(bytesCodec{}), "time": plainOf(timeCodec{}),
	"int": plainOf(signed[int]{}), "int8": plainOf(signed[int8]{}), "int16": plainOf(signed[int16]{}), "int32": plainOf(signed[int32]{}), "int64": plainOf(signed[int64]{}),
	"uint": plainOf(unsigned[uint]{}), "uint8": plainOf(unsigned[uint8]{}), "uint16": plainOf(unsigned[uint16]{}), "uint32": plainOf(unsigned[uint32]{}), "uint64": plainOf(unsigned[uint64]{}),
	"float32": plainOf(float32Codec{}), "float64": plainOf(float64Codec{}),
}

// maxShown is about how many bytes a list may take in memory to be shown.
const maxShown = 256 << 20

// listOf reads what sliceCodec has written.
func listOf(elem shape) shape {
	t := reflect.SliceOf(elem.t)
	return shape{t, int(t.Size()), func(in *input, v reflect.Value) error {
		n, err := in.lengthOrNil()
		if err != nil || n < 0 {
			return err
		}
		if n > in.left() || n > maxShown/elem.weight {
			return in.corrupt("it states %d elements, and %d bytes are left", n, in.left())
		}
		v.Set(reflect.MakeSlice(t, n, n))
		for i := range n {
			if err := elem.read(in, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// pairOf reads what pairCodec has written.
func pairOf(key, value shape) shape {
	fields := slices.Collect(fieldsOf(reflect.TypeFor[Pair[bool, bool]]())) // for the tags
	fields[0].Type, fields[1].Type = key.t, value.t
	t := reflect.StructOf(fields)
	return shape{t, key.weight + value.weight, func(in *input, v reflect.Value) error {
		if err := key.read(in, v.Field(0)); err != nil {
			return err
		}
		return value.read(in, v.Field(1))
	}}
}

// packedOf reads what packed has written.
func packedOf(t reflect.Type, weight int) shape {
	return shape{t, weight, func(in *input, v reflect.Value) error { return readPacked(in, v) }}
}
