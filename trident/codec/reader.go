package codec

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// reader is what the library reads a value from. Being an io.ByteScanner it is used as it is, without a buffer between.
//
// The library has a fault that it guards against: where it wants a map and finds an extension, it takes the extension's
// content for the map, whose length no scanner has seen, and allocates by it. Reading a map begins with a single
// byte, reading an extension's content never does.
type reader struct {
	src        []byte
	pos        int
	extensions []int // where the contents of extensions begin, in order
	next       int   // the first of them that is not behind pos
	dec        *msgpack.Decoder
}

var readers = sync.Pool{New: func() any {
	r := &reader{}
	r.dec = msgpack.NewDecoder(r)
	return r
}}

var errExtension = errors.New("an extension where a map should be")

// decode decodes into x, once all lengths have been proven true.
func (r *reader) decode(body []byte, x reflect.Value) error {
	s := scanner{src: body, extensions: r.extensions[:0]}
	if err := s.whole(); err != nil {
		return err
	}
	r.src, r.pos, r.extensions, r.next = body, 0, s.extensions, 0
	err := r.reflect(x)
	if err == nil && r.pos < len(body) {
		err = fmt.Errorf("the type's own decoding left %d bytes", len(body)-r.pos)
	}
	r.src = nil
	if err != nil || len(body) > keepBody {
		r.dec = msgpack.NewDecoder(r) // after an error the library may record all it reads from then on
	}
	return err
}

// keepBody is up to which length of a value the library's decoder is kept, which keeps a buffer for the longest string.
const keepBody = 64 << 10

func (r *reader) reflect(x reflect.Value) (err error) {
	defer recoverAs(&err)
	r.dec.Reset(r) // a type's own decoding may have changed its settings
	r.dec.DisallowUnknownFields(true)
	r.dec.UseLooseInterfaceDecoding(true)
	return r.dec.DecodeValue(x)
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	n := copy(p, r.src[r.pos:])
	r.pos += n
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// ReadByte implements io.ByteReader.
func (r *reader) ReadByte() (byte, error) {
	for r.next < len(r.extensions) && r.extensions[r.next] < r.pos {
		r.next++
	}
	if r.next < len(r.extensions) && r.extensions[r.next] == r.pos {
		return 0, errExtension
	}
	if r.pos == len(r.src) {
		return 0, io.EOF
	}
	r.pos++
	return r.src[r.pos-1], nil
}

// UnreadByte implements io.ByteScanner.
func (r *reader) UnreadByte() error {
	r.pos--
	return nil
}
