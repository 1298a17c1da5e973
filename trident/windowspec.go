package trident

import (
	"reflect"
	"time"

	"github.com/galestream/gale/trident/codec"
)

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

// WindowOption changes how windows of time are told, or kept: [EventTime], and the options of states.
type WindowOption interface{ ofWindows(s *windowSettings) }

// windowSettings are the options of windows, whatever their records are.
type windowSettings struct {
	at       any // a func(T) time.Time; nil: the time of the batch
	lateness time.Duration
	kept     []StateOption
}

// eventTime is the option of that name.
type eventTime struct {
	of       any
	lateness time.Duration
}

func (e eventTime) ofWindows(s *windowSettings)   { s.at, s.lateness = e.of, e.lateness }
func (d Duplicating) ofWindows(s *windowSettings) { s.kept = append(s.kept, d) }

// windowingOf reads the options of windows by time, and notes what is wrong with them.
func windowingOf[T any](n *node, options []WindowOption) (w *windowing[T], kept []StateOption) {
	var s windowSettings
	for _, o := range options {
		o.ofWindows(&s)
	}
	if s.lateness < 0 {
		n.g.problem(n.name, "its lateness is %v; it must not be negative", s.lateness)
	}
	at, ok := s.at.(func(T) time.Time)
	switch {
	case s.at != nil && !ok:
		n.g.problem(n.name, "EventTime has a %T, and the records are of type %v", s.at, reflect.TypeFor[T]())
	case s.at != nil && at == nil:
		n.g.problem(n.name, "EventTime has no function")
	}
	return &windowing[T]{at, s.lateness}, s.kept
}

// declareWindows enters the state of windows, whose keys are the stream's with a letter before.
func declareWindows[K comparable, V any](n *node, options []StateOption) *stateSpec {
	spec := declare[K, content[V]](n, "windows", options)
	if spec.ttl != 0 {
		n.g.problem(n.name, "windows can't have a TTL: what they hold goes when they close")
	}
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
