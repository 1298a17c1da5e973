package transport

import "sync"

// frame is a frame that is filled, published, and kept until it is confirmed.
type frame struct {
	buf    []byte // room for the header, which is written each time it is published, and the body
	sealed bool   // it has been published: the peer may have it, so its body must not change
	busy   bool   // it is being published
	void   bool   // it is not needed any more once it is not busy
}

// Frames begin small and grow to what they are used for, so that an idle link has no buffers of the full size. One that a
// large slab has made larger than keptFrame is not used again.
const (
	newFrame  = 2 << 10
	keptFrame = 256 << 10
)

var frames = sync.Pool{New: func() any { return &frame{buf: make([]byte, headerSize, newFrame)} }}

func (f *frame) body() int { return len(f.buf) - headerSize }

// release gives f back to the pool, at once or when it has been published.
func (f *frame) release() {
	if f.busy {
		f.void = true
		return
	}
	if cap(f.buf) > keptFrame {
		return
	}
	*f = frame{buf: f.buf[:headerSize]}
	frames.Put(f)
}

// published says that f is not read any more.
func (f *frame) published() {
	if f.busy = false; f.void {
		f.release()
	}
}
