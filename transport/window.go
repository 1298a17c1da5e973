package transport

// window is the sending half of a lane: the frames that the peer has not confirmed, in order.
//
// Invariant: frames[i] has the sequence confirmed+1+i. Those before next have been published since the last
// rewind. Only the last one is filled; what is behind it is full.
type window struct {
	frames    []*frame
	next      int
	confirmed uint64
	highest   uint64 // sequence that was ever published
	looked    uint64 // confirmed, when stuck was called last
	limit     int    // bytes of a body, about
}

// eager is how many published frames may be unconfirmed before one that still has room waits until it is full or others are
// confirmed. So what is sent goes at once while little is under way, and in full frames when much is. It must be above
// confirmEvery, or a lane would stop until the receiver's lazy confirmation comes.
const eager = 2 * confirmEvery

// room returns the frame to append an item of n bytes to.
func (w *window) room(n int) *frame {
	if len(w.frames) > 0 {
		if last := w.frames[len(w.frames)-1]; !last.sealed && last.body()+n <= w.limit {
			return last
		}
	}
	f := frames.Get().(*frame)
	w.frames = append(w.frames, f)
	return f
}

// ready reports whether take would return a frame.
func (w *window) ready() bool {
	if w.next == len(w.frames) {
		return false
	}
	return w.next < eager || w.next < len(w.frames)-1 || w.frames[w.next].sealed
}

// take returns the frame to publish next, its sequence, and whether it has been published before; ready must be true. The caller
// calls published when it has been.
func (w *window) take() (f *frame, seq uint64, again bool) {
	f = w.frames[w.next]
	seq = w.nextSeq()
	again = seq <= w.highest
	w.next++
	w.highest = max(w.highest, seq)
	f.sealed, f.busy = true, true
	return f, seq, again
}

// nextSeq is the sequence of the frame that is published next.
func (w *window) nextSeq() uint64 { return w.confirmed + uint64(w.next) + 1 }

// hurry has the last frame not wait until it is full.
func (w *window) hurry() {
	if n := len(w.frames); n > 0 {
		w.frames[n-1].sealed = true
	}
}

// confirm lets go of the frames up to a sequence. It reports false when none of that sequence was ever sent.
func (w *window) confirm(upTo uint64) bool {
	if upTo > w.highest {
		return false
	}
	if upTo <= w.confirmed {
		return true
	}
	w.drop(int(upTo - w.confirmed))
	w.confirmed = upTo
	return true
}

func (w *window) drop(n int) {
	for _, f := range w.frames[:n] {
		f.release()
	}
	left := copy(w.frames, w.frames[n:])
	clear(w.frames[left:])
	w.frames = w.frames[:left]
	w.next = max(0, w.next-n)
}

// rewind has all that is unconfirmed published again.
func (w *window) rewind() { w.next = 0 }

// stuck reports whether something published is unconfirmed and nothing has been confirmed since the last call.
func (w *window) stuck() bool {
	stuck := w.next > 0 && w.confirmed == w.looked
	w.looked = w.confirmed
	return stuck
}

// reset voids all frames and begins anew.
func (w *window) reset() {
	w.drop(len(w.frames))
	*w = window{frames: w.frames, limit: w.limit}
}
