package codec

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// MaxValue is how many bytes a value may take that is encoded by msgpack. It also ends the encoding of a value that holds itself,
// before the stack overflows.
const MaxValue = 1 << 20

// packed encodes values by msgpack, behind their length.
type packed[T any] struct {
	t    reflect.Type
	size sizes
	open bool // how deep values nest can't be told from the type
}

func packedFor[T any](t reflect.Type) (Codec[T], error) {
	w := walk{}
	if err := w.encodable(t, ""); err != nil {
		return nil, &TypeError{Type: t, Field: err.field, Reason: err.reason}
	}
	return &packed[T]{t: t, size: sizesOf(t), open: w.open}, nil
}

func (p *packed[T]) Size(x T) int { return sizeOf(&p.size, &x) }

// lengthSize is how long the length of a value is: a varint that is not always in its shortest form, as it is written last.
const lengthSize = 3 // 21 bits, which hold MaxValue

func (p *packed[T]) Append(b []byte, x T) ([]byte, error) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	start := len(b)
	w.begin(append(b, 0, 0, 0))
	err := w.encode(reflect.ValueOf(&x).Elem()) // from memory: only then are the methods of *T called for a T
	more := w.end()
	if err == nil && p.open {
		err = (&scanner{src: more[start+lengthSize:]}).whole()
	}
	if err != nil {
		return b, &TypeError{Type: p.t, Reason: "a value can't be encoded: " + err.Error()}
	}
	n := len(more) - start - lengthSize
	more[start], more[start+1], more[start+2] = byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)
	return more, nil
}

func (p *packed[T]) Decode(b []byte) (T, []byte, error) { return decode(p, b) }

func (p *packed[T]) read(in *input) (x T, err error) {
	err = readPacked(in, reflect.ValueOf(&x).Elem())
	return x, err
}

// readPacked reads a value into v, which has its type.
func readPacked(in *input, v reflect.Value) error {
	n, err := in.length()
	if err != nil {
		return err
	}
	from := in.pos
	body, err := in.take(n)
	if err != nil {
		return err
	}
	r := readers.Get().(*reader)
	defer readers.Put(r)
	if err := r.decode(body, v); err != nil {
		return &CorruptError{Offset: from, Reason: fmt.Sprintf("no %v: %v", v.Type(), err)}
	}
	return nil
}

// writer is what the library writes to.
type writer struct {
	b     []byte
	limit int
	enc   *msgpack.Encoder
}

var writers = sync.Pool{New: func() any {
	w := &writer{}
	w.enc = msgpack.NewEncoder(w)
	return w
}}

func (w *writer) begin(b []byte) { w.b, w.limit = b, len(b)+MaxValue }

// end returns what was written, and keeps nothing of it.
func (w *writer) end() []byte {
	b := w.b
	w.b = nil
	return b
}

func (w *writer) encode(x reflect.Value) (err error) {
	defer recoverAs(&err)
	w.enc.Reset(w) // a type's own encoding may have changed its settings
	w.enc.SetSortMapKeys(true)
	return w.enc.EncodeValue(x)
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if len(w.b)+len(p) > w.limit {
		return 0, fmt.Errorf("it takes more than %d bytes, or holds itself", MaxValue)
	}
	w.b = append(w.b, p...)
	return len(p), nil
}

// WriteByte implements io.ByteWriter.
func (w *writer) WriteByte(c byte) error {
	if len(w.b) >= w.limit {
		return fmt.Errorf("it takes more than %d bytes, or holds itself", MaxValue)
	}
	w.b = append(w.b, c)
	return nil
}

// recoverAs turns a panic into an error: the library, and a type's own methods, may do so.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the type's encoding panicked: %v", p)
	}
}
