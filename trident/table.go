package trident

import (
	"context"
	"time"

	"github.com/galestream/gale/trident/state"
)

// stateSpec is one state: where it is, and how it is read from outside.
type stateSpec struct {
	name               string
	kind               string          // "map" or "value"
	key                string          // the key's type, for people
	keyForm, valueForm string          // how both are encoded
	count              func(m any) int // of a table that nothing changes: how many keys the map has
	ttl                time.Duration
	disk               bool
	duplicates         bool
	node               *node // the operator that writes it
	parse              func(text string) ([]byte, error)
	load               func(ctx context.Context, index, tasks int) (any, error)      // of a table that nothing changes: a map
	find               func(m any, key []byte) (value []byte, found bool, err error) // in that map
	show               func(value []byte) ([]byte, error)                            // as JSON
	describe           func(s *stateSpec) state.Description                          // for those who have not got the program
}

// StateOption changes how a state is kept, also that of windows.
type StateOption interface {
	WindowOption
	ofState(s *stateSpec)
}

type stateOption func(*stateSpec)

func (o stateOption) ofState(s *stateSpec)        { o(s) }
func (o stateOption) ofWindows(s *windowSettings) { s.kept = append(s.kept, o) }

// TTL forgets what was written last more than d ago, by the time of the batches: at least a millisecond, 0 keeps all for ever. It isn't for windows, which
// hold what they have until they close.
func TTL(d time.Duration) StateOption { return stateOption(func(s *stateSpec) { s.ttl = d }) }

// OnDisk keeps the state in a file beside the worker instead of in memory, for states that are larger than memory. It
// is as durable as one in memory, since both are made again from the log; after a restart of the worker on the same machine, less of the log is read.
func OnDisk() StateOption { return stateOption(func(s *stateSpec) { s.disk = true }) }

// Table is a state with a value for each key.
type Table[K comparable, V any] struct {
	n    *node
	spec *stateSpec
}

// Updates is the stream of the values that a batch has changed, as they are after the batch: one for each key.
func (t Table[K, V]) Updates() Stream[Pair[K, V]] { return Stream[Pair[K, V]]{t.n} }

// Parallelism sets how many tasks share the keys; see [Stream.Parallelism].
func (t Table[K, V]) Parallelism(tasks int) Table[K, V] {
	t.Updates().Parallelism(tasks)
	return t
}

// PersistentAggregate keeps an aggregate for each key over all batches, exactly once. The name is that of the state: the same in every
// release of the program, and one of its own in the topology.
//
// What is kept is what all see: the table's Updates, [StateQuery], and those who ask from outside. So the aggregator must not have a last word for
// each batch, as a [Folding] with Complete has: where a result is to be made of what is kept, [Map] behind Updates and the function of StateQuery make it.
func PersistentAggregate[K comparable, T, A any](g Grouped[K, T], name string, a Aggregator[T, A], options ...StateOption) Table[K, A] {
	n := g.n.given("PersistentAggregate").g.add(name, "state", g.n.group)
	parts := partsOf(n.g, n.name, "PersistentAggregate", a)
	checkKept(n.g, n.name, parts)
	spec := declare[K, A](n, "map", options)
	t := Table[K, A]{n, spec}
	if parts.Combine == nil {
		exchangeTo(g.n, n, "key", func() sharing[T] { return byKey(g.key, mustKey[K]()) })
		n.head = func(p *pipeline) head {
			return headOver(n, pusher[T](newPersisting(p, n, spec, g.key, parts)))
		}
		return t
	}
	exchangePairs[K, A](partial(g, parts, n), n)
	n.head = func(p *pipeline) head {
		key := func(x Pair[K, A]) K { return x.Key }
		combine := Parts[Pair[K, A], A]{
			First: func(x Pair[K, A]) A { return x.Value },
			Add:   func(a A, x Pair[K, A]) A { return parts.Combine(a, x.Value) },
		}
		return headOver(n, pusher[Pair[K, A]](newPersisting(p, n, spec, key, combine)))
	}
	return t
}

// checkKept refuses an aggregator that makes its result at the end of a batch: a state is kept before that, and is read where there is no aggregator.
func checkKept[T, A any](g *graph, name string, parts Parts[T, A]) {
	if parts.Done != nil {
		g.problem(name, "its aggregator has a last word for each batch (Complete, or Done), which a state can't keep: leave it out, and make the result with Map behind Updates, or in StateQuery's function")
	}
}

// Value is a state of one value; [ValueQuery] looks it up.
type Value[V any] struct {
	n    *node
	spec *stateSpec
}

// Updates is the stream of the value after each batch that has changed it.
func (v Value[V]) Updates() Stream[V] {
	return Map(Stream[Pair[bool, V]]{v.n}, func(p Pair[bool, V]) V { return p.Value })
}

// PersistentAggregateAll keeps one aggregate of a whole stream over all batches, exactly once: what Storm calls snapshottable. The name is that of the state.
func PersistentAggregateAll[T, A any](s Stream[T], name string, a Aggregator[T, A], options ...StateOption) Value[A] {
	t := PersistentAggregate(GroupBy(s, func(T) bool { return true }), name, a, options...)
	t.n.single = true
	t.spec.kind = "value"
	return Value[A](t)
}

// declare enters a state whose writer is n.
func declare[K comparable, V any](n *node, kind string, options []StateOption) *stateSpec {
	g := n.g
	s := &stateSpec{name: n.name, kind: kind, node: n}
	for _, o := range options {
		o.ofState(s)
	}
	if s.ttl != 0 && s.ttl < time.Millisecond {
		g.problem(n.name, "its values are to live for %v; it must be at least a millisecond", s.ttl)
	}
	if n.group.query != "" {
		g.problem(n.name, "a query's records are never committed: they can't change a state")
	}
	g.own(n, "state")
	checkKey[K](n)
	describeState[K, V](n, s)
	n.state = s
	g.states = append(g.states, s)
	return s
}
