package wire

import "io"

// buffer is what an Encoder's msgpack library writes to. Its writes don't fail.
type buffer struct{ b []byte }

func (w *buffer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *buffer) WriteByte(c byte) error {
	w.b = append(w.b, c)
	return nil
}

// reader is what a Decoder's msgpack library reads from. Being an io.ByteScanner
// it is used as it is, without a buffer between.
type reader struct {
	src []byte
	pos int
}

func (r *reader) left() int { return len(r.src) - r.pos }

func (r *reader) Read(p []byte) (int, error) {
	n := copy(p, r.src[r.pos:])
	r.pos += n
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *reader) ReadByte() (byte, error) {
	if r.pos == len(r.src) {
		return 0, io.EOF
	}
	c := r.src[r.pos]
	r.pos++
	return c, nil
}

func (r *reader) UnreadByte() error {
	r.pos--
	return nil
}
