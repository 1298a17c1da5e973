package wire

import (
	"fmt"
	"math"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/galestream/gale/topology"
)

// Encoder encodes values. Make one with [NewEncoder]; it may be used by one goroutine
// at a time, any number of times, also after an error. It takes no memory for tuples of
// numbers, strings, bytes and times when dst has room for them.
type Encoder struct {
	buf  buffer
	enc  *msgpack.Encoder
	body bodyWriter
}

// NewEncoder returns an Encoder.
func NewEncoder() *Encoder {
	e := &Encoder{}
	e.enc = msgpack.NewEncoder(&e.buf)
	e.body.buf = &e.buf
	e.body.enc = msgpack.NewEncoder(&e.body)
	return e
}

// AppendValues appends the values of one tuple to dst and returns the longer slice.
// With an error it returns dst as it was. The error names the value by its index
// and wraps a *[topology.TypeError], when a type is not registered or the value is
// nested too deep or too long, or what the type's own encoding returned.
func (e *Encoder) AppendValues(dst []byte, values []topology.Value) ([]byte, error) {
	e.buf.b = dst
	err := e.tuple(values)
	return e.take(dst, err)
}

// AppendValue appends the one value to dst. It is otherwise like AppendValues.
func (e *Encoder) AppendValue(dst []byte, v topology.Value) ([]byte, error) {
	e.buf.b = dst
	err := e.value(v)
	return e.take(dst, err)
}

// take returns what was encoded, and keeps nothing of it.
func (e *Encoder) take(dst []byte, err error) ([]byte, error) {
	b := e.buf.b
	e.buf.b = nil
	if err != nil {
		return dst, err
	}
	return b, nil
}

func (e *Encoder) tuple(values []topology.Value) error {
	if err := e.enc.EncodeArrayLen(len(values)); err != nil {
		return err
	}
	for i := range values {
		if err := e.value(values[i]); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
	}
	return nil
}

func (e *Encoder) value(v topology.Value) error {
	switch v.Kind() {
	case topology.KindString:
		s, _ := v.AsString()
		return e.string(s)
	case topology.KindInt:
		i, _ := v.AsInt()
		return e.enc.EncodeInt(i)
	case topology.KindFloat:
		f, _ := v.AsFloat()
		return e.enc.EncodeFloat64(f)
	case topology.KindBool:
		b, _ := v.AsBool()
		return e.enc.EncodeBool(b)
	case topology.KindBytes:
		b, _ := v.AsBytes()
		return e.bytes(b)
	case topology.KindTime:
		t, _ := v.AsTime()
		return e.time(t)
	}
	return e.member(v.Any(), maxNesting)
}

// member encodes x, a member of a list or map or a value that may have members, which
// may hold so many further levels of lists and maps.
func (e *Encoder) member(x any, levels int) error {
	switch x := x.(type) {
	case nil:
		return e.enc.EncodeNil()
	case bool:
		return e.enc.EncodeBool(x)
	case int64:
		return e.enc.EncodeInt(x)
	case float64:
		return e.enc.EncodeFloat64(x)
	case string:
		return e.string(x)
	case []byte:
		return e.bytes(x)
	case time.Time:
		return e.time(x)
	case []any:
		return e.list(x, levels)
	case map[string]any:
		return e.mapping(x, levels)
	}
	return e.object(x)
}

func (e *Encoder) string(s string) error {
	if err := checkLength("string", len(s)); err != nil {
		return err
	}
	return e.enc.EncodeString(s)
}

// bytes does not use the library's EncodeBytes, which makes a nil of a nil slice.
func (e *Encoder) bytes(b []byte) error {
	if err := checkLength("[]byte", len(b)); err != nil {
		return err
	}
	if err := e.enc.EncodeBytesLen(len(b)); err != nil {
		return err
	}
	_, err := e.buf.Write(b)
	return err
}

func (e *Encoder) list(l []any, levels int) error {
	if err := checkMembers("[]any", len(l), levels); err != nil {
		return err
	}
	if err := e.enc.EncodeArrayLen(len(l)); err != nil {
		return err
	}
	for _, x := range l {
		if err := e.member(x, levels-1); err != nil {
			return err
		}
	}
	return nil
}

func (e *Encoder) mapping(m map[string]any, levels int) error {
	if err := checkMembers("map[string]any", len(m), levels); err != nil {
		return err
	}
	if err := e.enc.EncodeMapLen(len(m)); err != nil {
		return err
	}
	for k, x := range m {
		if err := e.string(k); err != nil {
			return err
		}
		if err := e.member(x, levels-1); err != nil {
			return err
		}
	}
	return nil
}

func checkMembers(typ string, n, levels int) error {
	if levels == 0 {
		return &topology.TypeError{Type: typ, Reason: fmt.Sprintf("it is nested deeper than %d", maxNesting)}
	}
	return checkLength(typ, n)
}

// checkLength refuses what the 32 bits of a msgpack length can't say: the library
// would write the rest of a division by 2^32.
func checkLength(typ string, n int) error {
	if uint64(n) > math.MaxUint32 {
		return &topology.TypeError{Type: typ, Reason: fmt.Sprintf("its length %d is above %d; send it in parts", n, uint32(math.MaxUint32))}
	}
	return nil
}
