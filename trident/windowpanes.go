package trident

import (
	"slices"
	"sort"
)

// panes are what a key's windows hold, in the order of time: each with where it begins. A pane holds something.
type panes[V any] []Pair[int64, V]

// find returns where the pane that begins at start is, or would be.
func (ps panes[V]) find(start int64) (i int, found bool) {
	if n := len(ps); n > 0 && ps[n-1].Key <= start { // mostly, records come in order
		return n - 1 + btoi(ps[n-1].Key < start), ps[n-1].Key == start
	}
	i = sort.Search(len(ps), func(i int) bool { return ps[i].Key >= start })
	return i, i < len(ps) && ps[i].Key == start
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// insert puts a pane at i.
func (ps panes[V]) insert(i int, start int64, v V) panes[V] {
	return slices.Insert(ps, i, Pair[int64, V]{Key: start, Value: v})
}

// within returns the panes that begin in [from, to).
func (ps panes[V]) within(from, to int64) panes[V] {
	i, _ := ps.find(from)
	j, _ := ps.find(to)
	return ps[i:j]
}

// after returns the panes that a window holds which ends after closed.
func (ps panes[V]) after(f frame, closed int64) panes[V] {
	i := 0
	for i < len(ps) && f.lastEnd(ps[i].Key) <= closed {
		i++
	}
	return ps[i:]
}

// due returns the end of the first window that ends after closed and holds something; false when there is none.
func (ps panes[V]) due(f frame, closed int64) (end int64, ok bool) {
	rest := ps.after(f, closed)
	if len(rest) == 0 {
		return 0, false
	}
	return max(f.firstEnd(rest[0].Key), f.next(closed)), true
}

// content is what is kept for a key of a windowed stream: how many records it has had, for windows by count, and the panes.
type content[V any] = Pair[int64, panes[V]]

// filling is how records get into panes of type V, and results out of them.
type filling[T, V, A any] struct {
	first  func(x T) V
	add    func(v V, x T) V
	result func(ps panes[V]) A // of at least one pane; it may change what they hold
}

// fillParts keeps an aggregate for each pane.
func fillParts[T, A any](parts Parts[T, A]) filling[T, A, A] {
	return filling[T, A, A]{parts.First, parts.Add, func(ps panes[A]) A {
		a := ps[0].Value
		for _, p := range ps[1:] {
			a = parts.Combine(a, p.Value)
		}
		return done(parts, a)
	}}
}

// fillRecords keeps the records, where aggregates can't be combined.
func fillRecords[T, A any](parts Parts[T, A]) filling[T, []T, A] {
	return filling[T, []T, A]{
		first: func(x T) []T { return []T{x} },
		add:   func(xs []T, x T) []T { return append(xs, x) },
		result: func(ps panes[[]T]) A {
			var a A
			for i, p := range ps {
				for j, x := range p.Value {
					if i+j == 0 {
						a = parts.First(x)
					} else {
						a = parts.Add(a, x)
					}
				}
			}
			return done(parts, a)
		},
	}
}

// put adds a record to the pane that begins at start.
func (f filling[T, V, A]) put(ps panes[V], start int64, x T) panes[V] {
	i, found := ps.find(start)
	if found {
		ps[i].Value = f.add(ps[i].Value, x)
		return ps
	}
	return ps.insert(i, start, f.first(x))
}
