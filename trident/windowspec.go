package trident

import "github.com/galestream/gale/trident/codec"

// maxPanes is how many panes a window may be made of.
const maxPanes = 4096

// frameFor returns the frame of windows, and notes what is wrong with it.
func frameFor(n *node, size, slide int64) frame {
	switch {
	case size < 1 || slide < 1:
		n.g.problem(n.name, "its windows are of %d every %d (milliseconds or records); both must be at least 1", size, slide)
	case slide > size:
		n.g.problem(n.name, "its windows are of %d every %d (milliseconds or records): what falls between them would be lost", size, slide)
	case size/gcd(size, slide) > maxPanes:
		n.g.problem(n.name, "its windows are of %d every %d (milliseconds or records), and so of %d pieces; there can be %d: their greatest common divisor is too small",
			size, slide, size/gcd(size, slide), maxPanes)
	default:
		return newFrame(size, slide)
	}
	return newFrame(1, 1)
}

func (w *windowing[T]) check(n *node) {
	if w.given && w.at == nil {
		n.g.problem(n.name, "EventTime has no function")
	}
	if w.lateness < 0 {
		n.g.problem(n.name, "its lateness is %v; it must not be negative", w.lateness)
	}
}

// declareWindows enters the state of windows, whose keys are the stream's with a letter before.
func declareWindows[K comparable, V any](n *node) *stateSpec {
	spec := declare[K, content[V]](n, "windows", nil)
	spec.parse = func(text string) ([]byte, error) {
		k, err := codec.ParseKey[K](text)
		if err != nil {
			return nil, err
		}
		return contentKeyOf[K]()(nil, k), nil
	}
	return spec
}

// exchangeContents brings the records of a key to the task that has its windows.
func exchangeContents[K comparable, T any](g Grouped[K, T], n *node) *edge {
	return exchangeTo(g.n, n, "key", func() sharing[T] { return byKey(g.key, contentKeyOf[K]()) })
}
