package wire

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/galestream/gale/topology"
)

// Decoder decodes what an [Encoder] has written. Make one with [NewDecoder]; it may
// be used by one goroutine at a time, any number of times, also after an error.
type Decoder struct {
	in      reader
	dec     *msgpack.Decoder
	scanned int  // in.src was proven sound up to here
	zone    zone // the last that was seen
	body    bodyDecoder
}

// NewDecoder returns a Decoder.
func NewDecoder() *Decoder {
	d := &Decoder{}
	d.dec = msgpack.NewDecoder(&d.in)
	return d
}

// Values decodes the values of one tuple from the beginning of src, appends
// them to dst and returns the longer slice and what follows the tuple in src.
// The values share no memory with src. With an error it returns dst and src as they
// were. The error is or wraps a *[CorruptError], or says what the type of an object refused.
func (d *Decoder) Values(dst []topology.Value, src []byte) (values []topology.Value, rest []byte, err error) {
	d.begin(src)
	values, err = d.tuple(dst)
	rest = d.end()
	if err != nil {
		return dst, src, err
	}
	return values, rest, nil
}

// Value decodes one value from the beginning of src. It is otherwise like Values.
func (d *Decoder) Value(src []byte) (v topology.Value, rest []byte, err error) {
	d.begin(src)
	v, err = d.value()
	rest = d.end()
	if err != nil {
		return topology.Value{}, src, err
	}
	return v, rest, nil
}

func (d *Decoder) begin(src []byte) {
	d.in = reader{src: src}
	d.scanned = 0
}

// end returns what was not read, and keeps nothing of the input.
func (d *Decoder) end() []byte {
	rest := d.in.src[d.in.pos:]
	d.in.src = nil
	return rest
}

func (d *Decoder) tuple(dst []topology.Value) ([]topology.Value, error) {
	n, err := d.count()
	if err != nil {
		return nil, err
	}
	dst = slices.Grow(dst, n)
	for i := range n {
		v, err := d.value()
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i, err)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// count reads how many values a tuple has, of which each takes a byte at least.
func (d *Decoder) count() (int, error) {
	if c, err := d.peek(); err != nil {
		return 0, err
	} else if c != classList {
		return 0, d.corrupt("a tuple begins with the number of its values")
	}
	n, err := d.dec.DecodeArrayLen()
	if err != nil {
		return 0, d.corrupt(reasonOf(err))
	}
	return n, d.need(n)
}

// peek returns the class of the next value. The number or length that follows
// the code is then there to be read.
func (d *Decoder) peek() (class, error) {
	left := d.in.left()
	if left == 0 {
		return 0, d.corrupt(reasonTruncated)
	}
	sh := shapes[d.in.src[d.in.pos]]
	if left <= int(sh.size) {
		return 0, d.corrupt(reasonTruncated)
	}
	return sh.class, nil
}

// value reads one value. Its numbers can't fail: peek has seen that they are there.
func (d *Decoder) value() (topology.Value, error) {
	c, err := d.peek()
	if err != nil {
		return topology.Value{}, err
	}
	switch c {
	case classString:
		s, err := d.string()
		return topology.StringValue(s), err
	case classInt:
		i, err := d.dec.DecodeInt64()
		return topology.IntValue(i), err
	case classFloat:
		f, err := d.dec.DecodeFloat64()
		return topology.FloatValue(f), err
	case classBool:
		b, err := d.dec.DecodeBool()
		return topology.BoolValue(b), err
	case classNil:
		return topology.Value{}, d.dec.DecodeNil()
	}
	return d.larger(c)
}

// larger reads the kinds that are rarer and cost more.
func (d *Decoder) larger(c class) (topology.Value, error) {
	switch c {
	case classBytes:
		b, err := d.bytes()
		return topology.BytesValue(bytes.Clone(b)), err
	case classUint64:
		return d.uint64()
	case classList:
		return d.list()
	case classMap:
		return d.mapping()
	case classExtension:
		return d.extension()
	}
	return topology.Value{}, d.corrupt(reasonReserved)
}

func (d *Decoder) string() (string, error) {
	b, err := d.bytes()
	return string(b), err
}

// bytes reads a string or a []byte, and returns the part of the input where it lies.
func (d *Decoder) bytes() ([]byte, error) {
	n, err := d.dec.DecodeBytesLen()
	if err != nil {
		return nil, d.corrupt(reasonOf(err))
	}
	return d.next(n)
}

// next returns the next n bytes of the input.
func (d *Decoder) next(n int) ([]byte, error) {
	if err := d.need(n); err != nil {
		return nil, err
	}
	b := d.in.src[d.in.pos:][:n]
	d.in.pos += n
	return b, nil
}

// need checks that n more bytes are there.
func (d *Decoder) need(n int) error {
	if uint(n) > uint(d.in.left()) {
		return d.corrupt(fmt.Sprintf("it states a length of %d and %d bytes are left", n, d.in.left()))
	}
	return nil
}

// uint64 does not use the library's DecodeInt64, which takes what is above the
// largest int64 for a negative number.
func (d *Decoder) uint64() (topology.Value, error) {
	n, err := d.dec.DecodeUint64()
	if err == nil && n > math.MaxInt64 {
		err = d.corrupt(fmt.Sprintf("the integer %d is above the largest int64", n))
	}
	return topology.IntValue(int64(n)), err
}

func (d *Decoder) corrupt(reason string) error {
	return &CorruptError{Offset: d.in.pos, Reason: reason}
}
