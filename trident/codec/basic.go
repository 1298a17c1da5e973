package codec

import (
	"encoding/binary"
	"math"
	"time"
)

type boolCodec struct{}

func (boolCodec) Append(b []byte, x bool) ([]byte, error) {
	if x {
		return append(b, 1), nil
	}
	return append(b, 0), nil
}
func (c boolCodec) Decode(b []byte) (bool, []byte, error) { return decode(c, b) }
func (boolCodec) Size(bool) int                           { return 1 }
func (boolCodec) read(in *input) (bool, error) {
	b, err := in.take(1)
	if err != nil {
		return false, err
	}
	if b[0] > 1 {
		return false, in.corrupt("a boolean is 0 or 1, not %d", b[0])
	}
	return b[0] == 1, nil
}

// numberSize is the Size of an integer: one of one to ten bytes, mostly short.
const numberSize = 4

type signed[T int | int8 | int16 | int32 | int64] struct{}

func (signed[T]) Append(b []byte, x T) ([]byte, error) {
	return binary.AppendUvarint(b, uint64(x)<<1^uint64(int64(x)>>63)), nil
}
func (c signed[T]) Decode(b []byte) (T, []byte, error) { return decode(c, b) }
func (signed[T]) Size(T) int                           { return numberSize }
func (signed[T]) read(in *input) (T, error) {
	u, err := in.uvarint()
	n := int64(u>>1) ^ -int64(u&1)
	if int64(T(n)) != n {
		return 0, in.corrupt("%d is no %T", n, T(0))
	}
	return T(n), err
}

type unsigned[T uint | uint8 | uint16 | uint32 | uint64] struct{}

func (unsigned[T]) Append(b []byte, x T) ([]byte, error) {
	return binary.AppendUvarint(b, uint64(x)), nil
}
func (c unsigned[T]) Decode(b []byte) (T, []byte, error) { return decode(c, b) }
func (unsigned[T]) Size(T) int                           { return numberSize }
func (unsigned[T]) read(in *input) (T, error) {
	n, err := in.uvarint()
	if uint64(T(n)) != n {
		return 0, in.corrupt("%d is no %T", n, T(0))
	}
	return T(n), err
}

type float32Codec struct{}

func (float32Codec) Append(b []byte, x float32) ([]byte, error) {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(x)), nil
}
func (c float32Codec) Decode(b []byte) (float32, []byte, error) { return decode(c, b) }
func (float32Codec) Size(float32) int                           { return 4 }
func (float32Codec) read(in *input) (float32, error) {
	b, err := in.take(4)
	if err != nil {
		return 0, err
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(b)), nil
}

type float64Codec struct{}

func (float64Codec) Append(b []byte, x float64) ([]byte, error) {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(x)), nil
}
func (c float64Codec) Decode(b []byte) (float64, []byte, error) { return decode(c, b) }
func (float64Codec) Size(float64) int                           { return 8 }
func (float64Codec) read(in *input) (float64, error) {
	b, err := in.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

type stringCodec struct{}

func (stringCodec) Append(b []byte, x string) ([]byte, error) {
	return append(binary.AppendUvarint(b, uint64(len(x))), x...), nil
}
func (c stringCodec) Decode(b []byte) (string, []byte, error) { return decode(c, b) }
func (stringCodec) Size(x string) int                         { return len(x) + 2 }
func (stringCodec) read(in *input) (string, error) {
	n, err := in.length()
	if err != nil {
		return "", err
	}
	return in.string(n), nil
}

type bytesCodec struct{}

func (bytesCodec) Append(b []byte, x []byte) ([]byte, error) {
	if x == nil {
		return append(b, 0), nil
	}
	return append(binary.AppendUvarint(b, uint64(len(x))+1), x...), nil
}
func (c bytesCodec) Decode(b []byte) ([]byte, []byte, error) { return decode(c, b) }
func (bytesCodec) Size(x []byte) int                         { return len(x) + 2 }
func (bytesCodec) read(in *input) ([]byte, error) {
	n, err := in.lengthOrNil()
	if err != nil || n < 0 {
		return nil, err
	}
	return in.bytes(n), nil
}

type timeCodec struct{}

func (timeCodec) Append(b []byte, x time.Time) ([]byte, error) {
	start := len(b)
	more, err := x.AppendBinary(append(b, 0))
	if err != nil {
		return b, err
	}
	more[start] = byte(len(more) - start - 1)
	return more, nil
}
func (c timeCodec) Decode(b []byte) (time.Time, []byte, error) { return decode(c, b) }
func (timeCodec) Size(time.Time) int                           { return 16 }

// read looks at the nanoseconds itself: UnmarshalBinary takes any, and makes times of them that are none.
func (timeCodec) read(in *input) (t time.Time, err error) {
	n, err := in.length()
	if err != nil {
		return t, err
	}
	b, err := in.take(n)
	if err != nil {
		return t, err
	}
	if n >= 13 && binary.BigEndian.Uint32(b[9:]) >= uint32(time.Second) {
		return t, in.corrupt("a time has %d nanoseconds in its second", binary.BigEndian.Uint32(b[9:]))
	}
	if err := t.UnmarshalBinary(b); err != nil {
		return time.Time{}, in.corrupt("no time: %v", err)
	}
	return t, nil
}
