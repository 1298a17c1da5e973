package trident

// Grouped is a stream whose records are taken together by a key.
type Grouped[K comparable, T any] struct {
	n   *node
	key func(T) K
}

// GroupBy takes records with equal keys together. It does nothing by itself: what follows says what becomes of the groups.
//
// Keys may be strings, numbers, bools, times, and arrays and structs of these, with exported fields only; a key's encoding is part of what is
// stored, so its type should stay the same from one release of a program to the next. Nothing checks that: records of a key of another type are counted anew.
func GroupBy[T any, K comparable](s Stream[T], key func(T) K) Grouped[K, T] {
	s.n.given("GroupBy")
	if key == nil {
		s.n.g.problem(s.n.name, "GroupBy has no function")
	}
	checkKey[K](s.n)
	return Grouped[K, T]{s.n, key}
}

// Aggregate makes one result for each key of each batch.
func Aggregate[K comparable, T, A any](g Grouped[K, T], a Aggregator[T, A]) Stream[Pair[K, A]] {
	from := g.n.given("Aggregate")
	parts := partsOf(from.g, from.name, "Aggregate", a)
	n := from.g.add("", "aggregate", from.group)
	if parts.Combine == nil {
		exchangeTo(g.n, n, "key", func() sharing[T] { return byKey(g.key, mustKey[K]()) })
		n.head = func(p *pipeline) head {
			return headOver(n, pusher[T](&folding[K, T, A]{name: n.name, key: g.key, parts: parts, out: outputOf[Pair[K, A]](p, n)}))
		}
		return Stream[Pair[K, A]]{n}
	}
	exchangePairs[K, A](partial(g, parts, n), n)
	n.head = func(p *pipeline) head {
		return headOver(n, pusher[Pair[K, A]](newCombining[K](n.name, parts, outputOf[Pair[K, A]](p, n))))
	}
	return Stream[Pair[K, A]]{n}
}

// exchangePairs brings all pairs of a key to the same task.
func exchangePairs[K comparable, A any](from, to *node) {
	exchangeTo(from, to, "key", func() sharing[Pair[K, A]] {
		return byKey(func(p Pair[K, A]) K { return p.Key }, mustKey[K]())
	})
}

// partial aggregates, within each task and batch, before the records are sent anywhere.
func partial[K comparable, T, A any](g Grouped[K, T], parts Parts[T, A], of *node) *node {
	n := g.n.then("partial")
	n.of = of
	n.pipe = func(p *pipeline) any {
		return pusher[T](&folding[K, T, A]{name: n.name, key: g.key, parts: Parts[T, A]{First: parts.First, Add: parts.Add}, out: outputOf[Pair[K, A]](p, n)})
	}
	return n
}

// folding aggregates records by key.
type folding[K comparable, T, A any] struct {
	name   string
	key    func(T) K
	parts  Parts[T, A]
	out    pusher[Pair[K, A]]
	groups map[K]*A
	arena  []A
}

func (f *folding[K, T, A]) push(xs []T) (err error) {
	defer guard(f.name, &err)
	if f.groups == nil {
		f.groups = map[K]*A{}
	}
	for _, x := range xs {
		k := f.key(x)
		if a := f.groups[k]; a != nil {
			*a = f.parts.Add(*a, x)
			continue
		}
		f.groups[k] = f.keep(f.parts.First(x))
	}
	return nil
}

// keep puts an aggregate where it stays until the end of the batch.
func (f *folding[K, T, A]) keep(a A) *A {
	if len(f.arena) == cap(f.arena) {
		f.arena = make([]A, 0, max(64, min(2*cap(f.arena), 4096)))
	}
	f.arena = append(f.arena, a)
	return &f.arena[len(f.arena)-1]
}

func (f *folding[K, T, A]) end() (err error) {
	defer guard(f.name, &err)
	pairs := make([]Pair[K, A], 0, len(f.groups))
	for k, a := range f.groups {
		pairs = append(pairs, Pair[K, A]{Key: k, Value: done(f.parts, *a)})
	}
	clear(f.groups)
	f.arena = f.arena[:0]
	if len(pairs) > 0 {
		if err := f.out.push(pairs); err != nil {
			return err
		}
	}
	return f.out.end()
}

// newCombining makes an operator that combines aggregates which come in parts.
func newCombining[K comparable, T, A any](name string, parts Parts[T, A], out pusher[Pair[K, A]]) *folding[K, Pair[K, A], A] {
	return &folding[K, Pair[K, A], A]{
		name: name,
		key:  func(p Pair[K, A]) K { return p.Key },
		parts: Parts[Pair[K, A], A]{
			First: func(p Pair[K, A]) A { return p.Value },
			Add:   func(a A, p Pair[K, A]) A { return parts.Combine(a, p.Value) },
			Done:  parts.Done,
		},
		out: out,
	}
}

// AggregateAll makes one result for each batch, also of an empty one when the aggregator has an aggregate of nothing.
func AggregateAll[T, A any](s Stream[T], a Aggregator[T, A]) Stream[A] {
	from := s.n.given("AggregateAll")
	parts := partsOf(from.g, from.name, "AggregateAll", a)
	n := from.g.add("", "aggregate", from.group)
	n.single = true
	if parts.Combine == nil {
		exchangeTo(s.n, n, "global", toFirst[T])
		n.head = func(p *pipeline) head {
			return headOver(n, pusher[T](&whole[T, A]{name: n.name, parts: parts.at(p), out: outputOf[A](p, n)}))
		}
		return Stream[A]{n}
	}
	inParts := parts
	inParts.Done = nil
	part := partitionAggregate(s, inParts).n
	part.of = n
	exchangeTo(part, n, "global", toFirst[A])
	n.head = func(p *pipeline) head {
		combine := Parts[A, A]{Zero: parts.at(p).Zero, First: func(a A) A { return a }, Add: parts.Combine, Done: parts.Done}
		return headOver(n, pusher[A](&whole[A, A]{name: n.name, parts: combine, out: outputOf[A](p, n)}))
	}
	return Stream[A]{n}
}

// at is p in a task of which there should be one: only the first has an aggregate of nothing, if there are more against the author's word.
func (p Parts[T, A]) at(in *pipeline) Parts[T, A] {
	if in.tc.Index > 0 {
		p.Zero = nil
	}
	return p
}

// PartitionAggregate makes one result for each task and batch, of the records that are there, without a hop. A task without records gives none.
func PartitionAggregate[T, A any](s Stream[T], a Aggregator[T, A]) Stream[A] {
	from := s.n.given("PartitionAggregate")
	return partitionAggregate(s, partsOf(from.g, from.name, "PartitionAggregate", a))
}

func partitionAggregate[T, A any](s Stream[T], parts Parts[T, A]) Stream[A] {
	parts.Zero = nil
	n := s.n.then("partial")
	n.pipe = func(p *pipeline) any {
		return pusher[T](&whole[T, A]{name: n.name, parts: parts, out: outputOf[A](p, n)})
	}
	return Stream[A]{n}
}

// whole aggregates all records of a batch that it is given.
type whole[T, A any] struct {
	name  string
	parts Parts[T, A]
	out   pusher[A]
	a     A
	any   bool
}

func (w *whole[T, A]) push(xs []T) (err error) {
	defer guard(w.name, &err)
	for _, x := range xs {
		if w.any {
			w.a = w.parts.Add(w.a, x)
		} else {
			w.a, w.any = w.parts.First(x), true
		}
	}
	return nil
}

func (w *whole[T, A]) end() (err error) {
	defer guard(w.name, &err)
	if !w.any && w.parts.Zero != nil {
		w.a, w.any = w.parts.Zero(), true
	}
	if w.any {
		last := done(w.parts, w.a)
		w.a, w.any = *new(A), false
		if err := w.out.push([]A{last}); err != nil {
			return err
		}
	}
	return w.out.end()
}
