package trident

import (
	"time"

	"github.com/galestream/gale/trident/codec"
)

// Window is the result of a window of time, [Start, End): Value is of the records whose times are not before Start, and before End. Times are in UTC, of whole
// milliseconds.
type Window[A any] struct {
	Start, End time.Time
	Value      A
}

// Windows is a stream in windows of time.
type Windows[T, R any] struct {
	results Stream[R]
	late    func() Stream[T]
}

// Results is the stream of what the windows have given, each in the batch that has closed it. A window without records gives nothing.
func (w Windows[T, R]) Results() Stream[R] { return w.results }

// Late is the stream of the records that came when all their windows had closed: they are in no result. They are counted in the metric "late" of
// the task, too, once for each attempt of their batch.
func (w Windows[T, R]) Late() Stream[T] {
	if w.late == nil {
		return Stream[T]{} // of a zero Windows
	}
	return w.late()
}

// Parallelism sets how many tasks share the keys, at most 64; see [Stream.Parallelism].
func (w Windows[T, R]) Parallelism(tasks int) Windows[T, R] {
	w.results.Parallelism(tasks)
	return w
}

// fired is what a windowed stream gives: a result, or a record that came too late. It stays in its task.
type fired[T, R any] struct {
	late   bool
	record T
	result R
}

// windowsOf makes two streams of what a windowed stream gives.
func windowsOf[T, R any](n *node) Windows[T, R] {
	both := Stream[fired[T, R]]{n}
	results := sifted(both, "results", func(to []R, x fired[T, R]) []R {
		if x.late {
			return to
		}
		return append(to, x.result)
	})
	return Windows[T, R]{results, func() Stream[T] {
		return sifted(both, "late", func(to []T, x fired[T, R]) []T {
			if x.late {
				return append(to, x.record)
			}
			return to
		})
	}}
}

func sifted[T, U any](s Stream[T], kind string, f func(to []U, x T) []U) Stream[U] {
	return each(s, kind, f, func(n *node, out pusher[U]) pusher[T] {
		return &mapping[T, U]{name: n.name, out: out, f: f}
	})
}

// TridentCodec implements [codec.Encoded].
func (Window[A]) TridentCodec() (codec.Codec[Window[A]], error) {
	c, err := codec.For[Pair[int64, Pair[int64, A]]]()
	return windowCodec[A]{c}, err
}

// windowCodec encodes a window as its times in milliseconds since 1970, and its value.
type windowCodec[A any] struct {
	codec codec.Codec[Pair[int64, Pair[int64, A]]]
}

func (c windowCodec[A]) pair(w Window[A]) Pair[int64, Pair[int64, A]] {
	return Pair[int64, Pair[int64, A]]{Key: w.Start.UnixMilli(), Value: Pair[int64, A]{Key: w.End.UnixMilli(), Value: w.Value}}
}

func (c windowCodec[A]) Append(b []byte, w Window[A]) ([]byte, error) {
	return c.codec.Append(b, c.pair(w))
}

func (c windowCodec[A]) Decode(b []byte) (Window[A], []byte, error) {
	p, rest, err := c.codec.Decode(b)
	return newWindow(p.Key, p.Value.Key, p.Value.Value), rest, err
}

func (c windowCodec[A]) Size(w Window[A]) int { return c.codec.Size(c.pair(w)) }

func newWindow[A any](start, end int64, a A) Window[A] {
	return Window[A]{time.UnixMilli(start).UTC(), time.UnixMilli(end).UTC(), a}
}
