package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// CorruptError says that bytes are not what the codec of the type has written.
type CorruptError struct {
	Offset int // where it was noticed, from the beginning of the input
	Reason string
}

// Error implements error.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("damaged encoding at byte %d: %s", e.Offset, e.Reason)
}

// input is what values are read from.
//
// Invariant: text is empty, or the same bytes as b; so with array.
type input struct {
	b      []byte
	pos    int
	shared bool   // strings and []byte are parts of a copy of all of b, which is made for the first of them
	text   string // of which strings are parts
	array  []byte // of which []byte are parts
}

func (in *input) left() int    { return len(in.b) - in.pos }
func (in *input) rest() []byte { return in.b[in.pos:] }

func (in *input) corrupt(format string, a ...any) error {
	return &CorruptError{Offset: in.pos, Reason: fmt.Sprintf(format, a...)}
}

func (in *input) uvarint() (uint64, error) {
	if in.pos < len(in.b) && in.b[in.pos] < 0x80 {
		in.pos++
		return uint64(in.b[in.pos-1]), nil
	}
	x, n := binary.Uvarint(in.b[in.pos:])
	if n <= 0 {
		return 0, in.corrupt("a number is cut short or has more than 64 bits")
	}
	in.pos += n
	return x, nil
}

// length reads the length of something of which each part takes a byte at least.
func (in *input) length() (int, error) {
	n, err := in.uvarint()
	if err == nil && n > uint64(in.left()) {
		err = in.corrupt("it states a length of %d, and %d bytes are left", n, in.left())
	}
	return int(n), err
}

// lengthOrNil reads a length of something that may be nil; then it is -1.
func (in *input) lengthOrNil() (int, error) {
	n, err := in.uvarint()
	if err == nil && n > uint64(in.left())+1 {
		err = in.corrupt("it states a length of %d, and %d bytes are left", n-1, in.left())
	}
	return int(n) - 1, err
}

// take returns the next n bytes of the input itself.
func (in *input) take(n int) ([]byte, error) {
	if n > in.left() {
		return nil, in.corrupt("%d bytes are expected, and %d are left", n, in.left())
	}
	in.pos += n
	return in.b[in.pos-n : in.pos], nil
}

// string returns the next n bytes, which are there.
func (in *input) string(n int) string {
	from := in.pos
	in.pos += n
	if !in.shared {
		return string(in.b[from:in.pos])
	}
	if in.text == "" {
		in.text = string(in.b)
	}
	return in.text[from:in.pos]
}

// bytes returns a copy of the next n bytes, which are there.
func (in *input) bytes(n int) []byte {
	from := in.pos
	in.pos += n
	if !in.shared {
		return append(make([]byte, 0, n), in.b[from:in.pos]...)
	}
	if in.array == nil {
		in.array = bytes.Clone(in.b)
	}
	return in.array[from:in.pos:in.pos]
}
