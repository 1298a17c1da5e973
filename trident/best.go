package trident

import (
	"cmp"
	"slices"
)

// MinBy gives, for each batch that has records, the one for which by is the least; of several that have the same, the one a task saw first. NaN is
// less than all other numbers. Each task sends one record at most.
func MinBy[T any, N cmp.Ordered](s Stream[T], by func(T) N) Stream[T] {
	return best(s, "MinBy", by, func(a, b N) bool { return cmp.Less(a, b) })
}

// MaxBy gives, for each batch that has records, the one for which by is the greatest; of several that have the same, the one a task saw first.
func MaxBy[T any, N cmp.Ordered](s Stream[T], by func(T) N) Stream[T] {
	return best(s, "MaxBy", by, func(a, b N) bool { return cmp.Less(b, a) })
}

func best[T any, N cmp.Ordered](s Stream[T], operator string, by func(T) N, better func(a, b N) bool) Stream[T] {
	s.n.given(operator)
	if by == nil {
		s.n.g.problem(s.n.name, "%s has no function", operator)
	}
	choose := func(a, x T) T {
		if better(by(x), by(a)) {
			return x
		}
		return a
	}
	return AggregateAll(s, Combiner[T, T]{Init: func(x T) T { return x }, Combine: choose})
}

// FirstN gives n records of each batch, or all when there are fewer: those that come first, which may be others when the batch is tried again.
func FirstN[T any](s Stream[T], n int) Stream[T] {
	checkN(s, "FirstN", n)
	return global(limited(s, n), "first", func(_ string, out pusher[T]) pusher[T] { return &limiting[T]{n: n, out: out} })
}

// FirstNBy gives the n records of each batch that come first in the order of less, in that order, or all when there are fewer. Of those that are
// equal by less, those come first that a task saw first. Each task sends n records at most.
func FirstNBy[T any](s Stream[T], n int, less func(a, b T) bool) Stream[T] {
	checkN(s, "FirstNBy", n)
	if less == nil {
		s.n.g.problem(s.n.name, "FirstNBy has no function")
	}
	top := func(name string, out pusher[T]) pusher[T] {
		return &topping[T]{name: name, n: max(n, 1), less: less, out: out}
	}
	part := s.n.then("top")
	part.pipe = func(p *pipeline) any { return top(part.name, outputOf[T](p, part)) }
	return global(Stream[T]{part}, "top", top)
}

func checkN[T any](s Stream[T], operator string, n int) {
	s.n.given(operator)
	if n < 1 {
		s.n.g.problem(s.n.name, "%s is to give %d records; it must be at least 1", operator, n)
	}
}

// limited is a stream of the first n records of each task and batch.
func limited[T any](s Stream[T], n int) Stream[T] {
	part := s.n.then("first")
	part.pipe = func(p *pipeline) any { return pusher[T](&limiting[T]{n: n, out: outputOf[T](p, part)}) }
	return Stream[T]{part}
}

// global has an operator, of which s is the first part, work on all records of a batch in one task.
func global[T any](s Stream[T], kind string, work func(name string, out pusher[T]) pusher[T]) Stream[T] {
	n := s.n.g.add("", kind, s.n.group)
	n.single = true
	s.n.of = n
	exchangeTo(s.n, n, "global", toFirst[T])
	n.head = func(p *pipeline) head { return headOver(n, work(n.name, outputOf[T](p, n))) }
	return Stream[T]{n}
}

// limiting lets the first n records of a batch through.
type limiting[T any] struct {
	n, seen int
	out     pusher[T]
}

func (l *limiting[T]) push(xs []T) error {
	xs = xs[:min(len(xs), l.n-l.seen)]
	if len(xs) == 0 {
		return nil
	}
	l.seen += len(xs)
	return l.out.push(xs)
}

func (l *limiting[T]) end() error {
	l.seen = 0
	return l.out.end()
}

// topping keeps the first n records of a batch in an order. It gathers up to twice as many before it sorts, which makes each record cost
// the logarithm of n.
type topping[T any] struct {
	name string
	n    int
	less func(a, b T) bool
	out  pusher[T]
	xs   []T
}

func (t *topping[T]) push(xs []T) (err error) {
	defer guard(t.name, &err)
	for _, x := range xs {
		if t.xs = append(t.xs, x); len(t.xs) >= 2*t.n {
			t.cut()
		}
	}
	return nil
}

func (t *topping[T]) cut() {
	slices.SortStableFunc(t.xs, func(a, b T) int {
		switch {
		case t.less(a, b):
			return -1
		case t.less(b, a):
			return 1
		}
		return 0
	})
	if len(t.xs) > t.n {
		clear(t.xs[t.n:])
		t.xs = t.xs[:t.n]
	}
}

func (t *topping[T]) end() (err error) {
	defer guard(t.name, &err)
	t.cut()
	xs := t.xs
	t.xs = nil
	if len(xs) > 0 {
		if err := t.out.push(xs); err != nil {
			return err
		}
	}
	return t.out.end()
}
