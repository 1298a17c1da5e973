package trident

import "cmp"

// Aggregator makes one result of type A out of records of type T. [Combiner], [Reducer] and [Folding] are the kinds there are; what
// they need is in their docs.
type Aggregator[T, A any] interface {
	// Parts is for the operators.
	Parts() Parts[T, A]
}

// Parts are the functions of an aggregator, for the operators.
type Parts[T, A any] struct {
	Zero    func() A     // the aggregate of nothing; nil: there is none
	First   func(T) A    // the aggregate of one record; nil: Add(Zero(), x)
	Add     func(A, T) A // with one record more
	Combine func(A, A) A // of two parts; nil: it can't be done in parts
	Done    func(A) A    // at the end of the batch, or window; nil: nothing is to be done
}

// Combiner aggregates in parts: each task those of its own records, before they go over the network, and then those parts. Combine must
// be associative and commutative.
type Combiner[T, A any] struct {
	Init    func(x T) A    // the aggregate of one record
	Combine func(a, b A) A // the aggregate of two
	Zero    func() A       // the aggregate of none, for streams that aren't grouped; nil: there is none
	// Add adds a record to an aggregate, where that is quicker than Combine(a, Init(x)); nil: it isn't.
	Add func(a A, x T) A
}

// Parts implements [Aggregator].
func (c Combiner[T, A]) Parts() Parts[T, A] {
	if c.Init == nil || c.Combine == nil {
		return Parts[T, A]{} // it lacks a function
	}
	add := c.Add
	if add == nil {
		add = func(a A, x T) A { return c.Combine(a, c.Init(x)) }
	}
	return Parts[T, A]{Zero: c.Zero, First: c.Init, Add: add, Combine: c.Combine}
}

// Reducer aggregates record by record, where the parts can't be combined: the records themselves go to the task that reduces them.
type Reducer[T, A any] struct {
	Zero   func() A         // the aggregate of nothing
	Reduce func(a A, x T) A // with one record more
}

// Parts implements [Aggregator].
func (r Reducer[T, A]) Parts() Parts[T, A] {
	p := Parts[T, A]{Zero: r.Zero, Add: r.Reduce}
	if r.Zero != nil && r.Reduce != nil {
		p.First = func(x T) A { return r.Reduce(r.Zero(), x) }
	}
	return p
}

// Folding is the general kind: as a [Reducer], with a last word when the batch has ended. As all aggregators it gives exactly one result; to have none
// of some groups, or several, let A be a slice, say, and [FlatMap] behind the aggregation give what is in it:
//
//	each := trident.FlatMap(aggregates, func(p trident.Pair[K, []R]) iter.Seq[R] { return slices.Values(p.Value) })
//
// With Complete it can't be the aggregator of a
// [PersistentAggregate], whose batches don't end anything.
type Folding[T, A any] struct {
	Init     func() A         // before the first record
	Fold     func(a A, x T) A // a record
	Complete func(a A) A      // after the last of the batch, or window; nil: nothing is to be done
}

// Parts implements [Aggregator].
func (f Folding[T, A]) Parts() Parts[T, A] {
	p := Reducer[T, A]{f.Init, f.Fold}.Parts()
	p.Done = f.Complete
	return p
}

// number is what sums are made of.
type number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Count counts records.
func Count[T any]() Combiner[T, int64] {
	return Combiner[T, int64]{
		Init:    func(T) int64 { return 1 },
		Combine: func(a, b int64) int64 { return a + b },
		Zero:    func() int64 { return 0 },
		Add:     func(a int64, _ T) int64 { return a + 1 },
	}
}

// Sum adds up what of gives for each record. Integers wrap around, as Go's do.
func Sum[T any, N number](of func(T) N) Combiner[T, N] {
	return Combiner[T, N]{
		Init:    of,
		Combine: func(a, b N) N { return a + b },
		Zero:    func() N { return 0 },
		Add:     func(a N, x T) N { return a + of(x) },
	}
}

// Min takes the least of what of gives for each record.
func Min[T any, N cmp.Ordered](of func(T) N) Combiner[T, N] {
	return Combiner[T, N]{Init: of, Combine: func(a, b N) N { return min(a, b) }}
}

// Max takes the greatest of what of gives for each record.
func Max[T any, N cmp.Ordered](of func(T) N) Combiner[T, N] {
	return Combiner[T, N]{Init: of, Combine: func(a, b N) N { return max(a, b) }}
}

// Both makes two aggregates of the same records, and so by nesting any number: Storm's chained aggregation.
func Both[T, A, B any](a Aggregator[T, A], b Aggregator[T, B]) Aggregator[T, Two[A, B]] {
	return both[T, A, B]{partsIn(a), partsIn(b)}
}

// Two is a pair of aggregates.
type Two[A, B any] struct {
	First  A
	Second B
}

type both[T, A, B any] struct {
	a Parts[T, A]
	b Parts[T, B]
}

// Parts implements [Aggregator]. Both can be done in parts only when each can.
func (c both[T, A, B]) Parts() Parts[T, Two[A, B]] {
	a, b := c.a, c.b
	if a.lacking() || b.lacking() {
		return Parts[T, Two[A, B]]{} // which lacks them as well
	}
	p := Parts[T, Two[A, B]]{
		First: func(x T) Two[A, B] { return Two[A, B]{a.First(x), b.First(x)} },
		Add:   func(t Two[A, B], x T) Two[A, B] { return Two[A, B]{a.Add(t.First, x), b.Add(t.Second, x)} },
	}
	if a.Zero != nil && b.Zero != nil {
		p.Zero = func() Two[A, B] { return Two[A, B]{a.Zero(), b.Zero()} }
	}
	if a.Combine != nil && b.Combine != nil {
		p.Combine = func(s, t Two[A, B]) Two[A, B] {
			return Two[A, B]{a.Combine(s.First, t.First), b.Combine(s.Second, t.Second)}
		}
	}
	if a.Done != nil || b.Done != nil {
		p.Done = func(t Two[A, B]) Two[A, B] { return Two[A, B]{done(a, t.First), done(b, t.Second)} }
	}
	return p
}

func done[T, A any](p Parts[T, A], a A) A {
	if p.Done == nil {
		return a
	}
	return p.Done(a)
}

// partsIn returns the functions of an aggregator, none for no aggregator.
func partsIn[T, A any](a Aggregator[T, A]) (p Parts[T, A]) {
	if a == nil {
		return p
	}
	p = a.Parts()
	if zero, add := p.Zero, p.Add; p.First == nil && zero != nil && add != nil {
		p.First = func(x T) A { return add(zero(), x) }
	}
	return p
}

// partsOf is partsIn for an operator, in whose name it notes what is missing.
func partsOf[T, A any](g *graph, name, operator string, a Aggregator[T, A]) Parts[T, A] {
	p := partsIn(a)
	switch {
	case a == nil:
		g.problem(name, "%s: there is no aggregator", operator)
	case p.lacking():
		g.problem(name, "%s: its aggregator lacks a function", operator)
	}
	return p
}

// lacking reports whether something is missing that every aggregator needs.
func (p Parts[T, A]) lacking() bool { return p.First == nil || p.Add == nil }
