package trident

// frame is where windows lie on an axis of times or counts: each is [k*slide, k*slide+size) for a whole number k. What a window holds is kept in panes, the
// largest pieces that no window cuts.
//
// Invariant: 0 < slide <= size, so that everything belongs to a window.
type frame struct{ size, slide, pane int64 }

func newFrame(size, slide int64) frame {
	return frame{size, slide, gcd(size, slide)}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// floor returns the largest multiple of step that is not above t.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// paneOf returns where the pane of t begins.
func (f frame) paneOf(t int64) int64 { return floor(t, f.pane) }

// whole reports whether a window is one pane.
func (f frame) whole() bool { return f.pane == f.size }

// firstEnd returns the end of the first window that t belongs to.
func (f frame) firstEnd(t int64) int64 { return floor(t-f.size, f.slide) + f.slide + f.size }

// lastEnd returns the end of the last window that t belongs to.
func (f frame) lastEnd(t int64) int64 { return floor(t, f.slide) + f.size }

// closed returns the end of the last window that has ended at now.
func (f frame) closed(now int64) int64 { return floor(now-f.size, f.slide) + f.size }

// next returns the end of the first window that has not ended at now.
func (f frame) next(now int64) int64 { return f.closed(now) + f.slide }
