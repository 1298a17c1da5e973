package wire

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/galestream/gale/topology"
)

// bodyDecoder decodes the bodies of objects.
type bodyDecoder struct {
	in         bodyReader
	dec        *msgpack.Decoder // nil until it is needed
	extensions []int            // memory for in.extensions
}

// keepBody is up to which length of a body the library's decoder is kept, which keeps
// a buffer for the longest string.
const keepBody = 1 << 20

// soundBody proves that body is one value.
func (d *Decoder) soundBody(body []byte) error {
	s := scanner{src: d.in.src[:d.in.pos+len(body)], pos: d.in.pos, body: true, extensions: d.body.extensions[:0]}
	err := s.value(maxNesting)
	d.body.extensions = s.extensions
	for i := range s.extensions {
		s.extensions[i] -= d.in.pos
	}
	if err == nil && s.pos != len(s.src) {
		err = s.corrupt("bytes follow the body of the object")
	}
	return err
}

// decode decodes a body that is sound.
func (b *bodyDecoder) decode(typ reflect.Type, body []byte) (v topology.Value, err error) {
	b.in = bodyReader{reader: reader{src: body}, extensions: b.extensions}
	v, err = b.reflect(typ)
	if err == nil && b.in.left() > 0 {
		err = fmt.Errorf("the type's own decoding left %d bytes of its body", b.in.left())
	}
	b.in = bodyReader{}
	if err != nil || len(body) > keepBody {
		b.dec, b.extensions = nil, nil // after an error the library may record all it reads from then on
	}
	return v, err
}

func (b *bodyDecoder) reflect(typ reflect.Type) (v topology.Value, err error) {
	defer recoverAs(&err)
	if b.dec == nil {
		b.dec = msgpack.NewDecoder(&b.in)
	}
	b.dec.Reset(&b.in) // a type's own decoding may have changed its settings
	b.dec.DisallowUnknownFields(true)
	p := reflect.New(typ).Elem()
	if err := b.dec.DecodeValue(p); err != nil {
		return topology.Value{}, err
	}
	return topology.Of(p.Interface()), nil
}

// bodyReader reads the body of an object.
//
// The library has a fault that it guards against: where it wants a map and finds
// an extension, it takes the extension's content for the map (DecodeMapLen),
// whose length no scanner has seen, and allocates by it. Reading a map begins
// with a single byte, reading an extension's content never does.
type bodyReader struct {
	reader
	extensions []int // where the contents of extensions begin, in order
}

var errExtension = errors.New("an extension where a map should be")

func (r *bodyReader) ReadByte() (byte, error) {
	for len(r.extensions) > 0 && r.extensions[0] < r.pos {
		r.extensions = r.extensions[1:]
	}
	if len(r.extensions) > 0 && r.extensions[0] == r.pos {
		return 0, errExtension
	}
	return r.reader.ReadByte()
}
