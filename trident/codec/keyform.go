package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"time"
)

const sign = 1 << 63

// ordered are the keys of a number of 8 bytes, which is turned into one that sorts alike.
func ordered[K comparable](up func(K) uint64, down func(uint64) K) Keys[K] {
	return Keys[K]{
		Append: func(b []byte, k K) []byte { return binary.BigEndian.AppendUint64(b, up(k)) },
		Decode: func(b []byte) (k K, err error) {
			if len(b) != 8 {
				return k, (&input{b: b}).corrupt("a key of this type has 8 bytes, not %d", len(b))
			}
			return down(binary.BigEndian.Uint64(b)), nil
		},
	}
}

// appendKey appends the form of a key, or of a part of one, of a type that is keyable. A string that is all of the
// key does not come here.
func appendKey(b []byte, v reflect.Value) []byte {
	if v.Type() == reflect.TypeFor[time.Time]() {
		t := v.Interface().(time.Time)
		b = binary.BigEndian.AppendUint64(b, uint64(t.Unix())^sign)
		return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond()))
	}
	switch v.Kind() {
	case reflect.String:
		return appendText(b, v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "_" {
				b = appendKey(b, v.Field(i))
			}
		}
		return b
	case reflect.Array:
		for i := range v.Len() {
			b = appendKey(b, v.Index(i))
		}
		return b
	}
	return appendWord(b, word(v), v.Type().Size())
}

// appendText appends a string that other things may follow.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if b = append(b, s[i]); s[i] == 0 {
			b = append(b, 0xff)
		}
	}
	return append(b, 0, 1)
}

// word is a boolean or number as an unsigned one that sorts alike, in as many bytes as the type has.
func word(v reflect.Value) uint64 {
	bits := 8 * v.Type().Size()
	switch {
	case v.Kind() == reflect.Bool && v.Bool():
		return 1
	case v.Kind() == reflect.Bool:
		return 0
	case v.CanInt():
		return uint64(v.Int()) ^ 1<<(bits-1)
	case v.CanUint():
		return v.Uint()
	case v.Kind() == reflect.Float32:
		return floatWord(uint64(math.Float32bits(float32(plain(v.Float())))), bits)
	}
	return floatWord(math.Float64bits(plain(v.Float())), bits)
}

// plain is 0 for -0, which is equal to it, and one NaN for all.
func plain(f float64) float64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return math.NaN()
	}
	return f
}

func floatWord(word uint64, bits uintptr) uint64 {
	if word>>(bits-1) == 1 {
		return ^word
	}
	return word | 1<<(bits-1)
}

func appendWord(b []byte, word uint64, size uintptr) []byte {
	var all [8]byte
	binary.BigEndian.PutUint64(all[:], word)
	return append(b, all[8-size:]...)
}

// readKey reads what appendKey has written.
func readKey(in *input, v reflect.Value) error {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return readTime(in, v)
	}
	switch v.Kind() {
	case reflect.String:
		return readText(in, v)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "_" {
				continue
			}
			if err := readKey(in, v.Field(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Array:
		for i := range v.Len() {
			if err := readKey(in, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return readWord(in, v)
}

func readTime(in *input, v reflect.Value) error {
	b, err := in.take(12)
	if err != nil {
		return err
	}
	ns := binary.BigEndian.Uint32(b[8:])
	if ns >= uint32(time.Second) {
		return in.corrupt("a time has %d nanoseconds in its second", ns)
	}
	v.Set(reflect.ValueOf(time.Unix(int64(binary.BigEndian.Uint64(b)^sign), int64(ns)).UTC()))
	return nil
}

func readText(in *input, v reflect.Value) error {
	var s []byte
	for {
		i := bytes.IndexByte(in.rest(), 0)
		if i < 0 || i+1 >= in.left() {
			return in.corrupt("a string in a key has no end")
		}
		part, _ := in.take(i + 2)
		s = append(s, part[:i]...)
		switch part[i+1] {
		case 0xff:
			s = append(s, 0)
		case 1:
			v.SetString(string(s))
			return nil
		default:
			return in.corrupt("a string in a key has a 00 before %#x", part[i+1])
		}
	}
}

func readWord(in *input, v reflect.Value) error {
	b, err := in.take(int(v.Type().Size()))
	if err != nil {
		return err
	}
	bits := 8 * len(b)
	var all [8]byte
	copy(all[8-len(b):], b)
	w := binary.BigEndian.Uint64(all[:])
	switch {
	case v.Kind() == reflect.Bool:
		if w > 1 {
			return in.corrupt("a boolean is 0 or 1, not %d", w)
		}
		v.SetBool(w == 1)
	case v.CanInt():
		v.SetInt(int64((w^1<<(bits-1))<<(64-bits)) >> (64 - bits))
	case v.CanUint():
		v.SetUint(w)
	default:
		v.SetFloat(floatOf(w, bits))
	}
	return nil
}

func floatOf(word uint64, bits int) float64 {
	if word>>(bits-1) == 1 {
		word ^= 1 << (bits - 1)
	} else {
		word = ^word
	}
	if bits == 32 {
		return float64(math.Float32frombits(uint32(word)))
	}
	return math.Float64frombits(word)
}
