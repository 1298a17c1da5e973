package wire

import (
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// bodyWriter is what the library writes the body of an object to.
type bodyWriter struct {
	buf   *buffer
	enc   *msgpack.Encoder // writes to this bodyWriter
	start int              // where the body begins in buf
	check int              // at which length of buf its nesting is looked at next
}

// firstCheck is after how many bytes of a body its nesting is looked at.
const firstCheck = 64 << 10

// encode appends the body of x. What is then refused would be refused by the receiver.
func (w *bodyWriter) encode(x any) error {
	w.start = len(w.buf.b)
	w.check = w.start + firstCheck
	if err := w.reflect(x); err != nil {
		return err
	}
	s, err := w.scan()
	if err == nil && s.pos != len(s.src) {
		err = s.corrupt("its own encoding has bytes after its value")
	}
	return err
}

// reflect encodes x with the library's reflection. It does so from memory, not
// from an interface: only then are the methods of *T called for a T.
func (w *bodyWriter) reflect(x any) (err error) {
	defer recoverAs(&err)
	w.enc.Reset(w) // a type's own encoding may have changed its settings
	p := reflect.New(reflect.TypeOf(x))
	p.Elem().Set(reflect.ValueOf(x))
	return w.enc.EncodeValue(p.Elem())
}

// scan proves that the body so far is sound.
func (w *bodyWriter) scan() (scanner, error) {
	s := scanner{src: w.buf.b[w.start:], body: true}
	err := s.value(maxNesting)
	return s, err
}

func (w *bodyWriter) Write(p []byte) (int, error) {
	w.buf.b = append(w.buf.b, p...)
	return len(p), w.maybeCheck()
}

func (w *bodyWriter) WriteByte(c byte) error {
	w.buf.b = append(w.buf.b, c)
	return w.maybeCheck()
}

// maybeCheck looks at the nesting each time that the body has doubled. The
// body of an object that holds itself would else grow until the stack overflows.
func (w *bodyWriter) maybeCheck() error {
	if len(w.buf.b) < w.check {
		return nil
	}
	w.check += len(w.buf.b) - w.start
	if s, err := w.scan(); s.tooDeep {
		return err
	}
	return nil
}
