package main

import "time"

// tally is what is counted of some requests.
type tally struct {
	requests, failed int64 // failed: answered with 5xx
	timed, slow      int64 // timed: the line has a duration
}

func (t *tally) add(o tally) {
	t.requests += o.requests
	t.failed += o.failed
	t.timed += o.timed
	t.slow += o.slow
}

func (t *tally) subtract(o tally) {
	t.add(tally{-o.requests, -o.failed, -o.timed, -o.slow})
}

// slots is how many parts a window slides by: it holds between 59/60 and all of its length.
const slots = 60

// window sums up what happened in the last stretch of time. It is pure: the time is what its user
// says. Times must lie between 1970 and 2262.
type window struct {
	width  time.Duration // of a slot, above 0
	newest int64         // the number of the newest slot, counted from 1970
	ring   [slots]tally  // slot n is at n%slots, for n in (newest-slots, newest]
	sum    tally         // Invariant: the sum of ring.
}

// newWindow returns an empty window of a length of at least a second.
func newWindow(length time.Duration) window { return window{width: length / slots} }

func (w *window) slot(at time.Time) int64 { return at.UnixNano() / int64(w.width) }

// advance moves the window so that it ends with the slot of the time, and never back.
func (w *window) advance(at time.Time) {
	n := w.slot(at)
	for i := max(w.newest, n-slots) + 1; i <= n; i++ {
		old := &w.ring[i%slots]
		w.sum.subtract(*old)
		*old = tally{}
	}
	w.newest = max(w.newest, n)
}

// add counts what happened at a time, and advances to it. It reports false, and counts nothing, when the window
// has left that time behind.
func (w *window) add(at time.Time, t tally) bool {
	w.advance(at)
	n := w.slot(at)
	if n <= w.newest-slots {
		return false
	}
	w.ring[n%slots].add(t)
	w.sum.add(t)
	return true
}

// clear forgets all that was counted.
func (w *window) clear() { w.ring, w.sum = [slots]tally{}, tally{} }
