package trident

import (
	"cmp"
	"fmt"
	"iter"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/codec"
)

// Stream is a sequence of records of type T, in batches. Its zero value is none: streams come from [NewStream], [NewQuery] and the operators. An operator
// that is given a zero Stream panics with its name, where no other stream says in which topology's problems that belongs.
//
// Operators are functions over streams, since Go's methods can't have types of their own. Those in a row run as one, without a hop;
// [Repartition] and what needs records of one key together begins tasks anew.
type Stream[T any] struct{ n *node }

// Pair is a key and what belongs to it.
type Pair[K comparable, V any] = codec.Pair[K, V]

// NewStream begins a stream of the records of a source. The name is that of the component which reads it, and of its positions:
// a topology that is submitted again under its old name goes on where the one before had committed, so the name must stay the same.
func NewStream[T any](b *topology.Builder, name string, source Source[T]) Stream[T] {
	g := graphOf(b)
	n := g.add(name, "source", g.groups[0])
	g.own(n, "source")
	g.groups[0].roots = append(g.groups[0].roots, n)
	if source == nil {
		g.problem(name, "there is no source")
		return Stream[T]{n}
	}
	n.kind = source.Kind()
	n.head = func(p *pipeline) head { return newReading(p, n, source).head() }
	return Stream[T]{n}
}

// Parallelism sets how many tasks run the operators of s that run as one with the operator s comes from. 1 unless it is said; of several
// wishes the largest counts.
func (s Stream[T]) Parallelism(tasks int) Stream[T] {
	s.n.given("Parallelism")
	if tasks < 1 {
		s.n.g.problem(s.n.name, "its parallelism is %d; it must be at least 1", tasks)
	}
	s.n.tasks = max(s.n.tasks, tasks)
	return s
}

// Named names the operator that s comes from, for errors and, where it begins a component, for that.
func (s Stream[T]) Named(name string) Stream[T] {
	s.n.given("Named")
	if err := topology.CheckName(name); err != nil {
		s.n.g.problem(s.n.name, "its name: %v", err)
		return s
	}
	s.n.g.rename(s.n, name)
	return s
}

// rename gives a node another name than the one it was made with, unless that is the name of its state or source.
func (g *graph) rename(n *node, name string) {
	if n.owned {
		g.problem(n.name, "it has a name, and can't be given another, %q", name)
		return
	}
	n.name = name
}

// each makes an operator that takes records one after the other.
func each[T, U any](s Stream[T], kind string, f any, work func(n *node, out pusher[U]) pusher[T]) Stream[U] {
	n := s.n.then(kind)
	if isNil(f) {
		n.g.problem(n.name, "it has no function")
	}
	n.pipe = func(p *pipeline) any { return work(n, outputOf[U](p, n)) }
	return Stream[U]{n}
}

// Map applies f to every record.
func Map[T, U any](s Stream[T], f func(T) U) Stream[U] {
	return each(s, "map", f, func(n *node, out pusher[U]) pusher[T] {
		return &mapping[T, U]{name: n.name, out: out, f: func(to []U, x T) []U { return append(to, f(x)) }}
	})
}

// FlatMap replaces every record by those that f gives for it: none, one or many.
//
//	words := trident.FlatMap(lines, strings.FieldsSeq)
func FlatMap[T, U any](s Stream[T], f func(T) iter.Seq[U]) Stream[U] {
	return each(s, "flatmap", f, func(n *node, out pusher[U]) pusher[T] {
		m := &mapping[T, U]{name: n.name, out: out}
		add := func(y U) bool { // made once, not for each record
			m.buf = append(m.buf, y)
			return true
		}
		m.f = func(_ []U, x T) []U { // what it adds to is m.buf
			f(x)(add)
			return m.buf
		}
		return m
	})
}

// Filter keeps the records for which keep is true.
func Filter[T any](s Stream[T], keep func(T) bool) Stream[T] {
	return each(s, "filter", keep, func(n *node, out pusher[T]) pusher[T] {
		return &mapping[T, T]{name: n.name, out: out, f: func(to []T, x T) []T {
			if keep(x) {
				return append(to, x)
			}
			return to
		}}
	})
}

// Peek shows every record to f, which must not change it. It is called again when a batch is tried again: it is for looking, not for effects.
func Peek[T any](s Stream[T], f func(T)) Stream[T] {
	return each(s, "peek", f, func(n *node, out pusher[T]) pusher[T] {
		return &mapping[T, T]{name: n.name, out: out, f: func(to []T, x T) []T {
			f(x)
			return append(to, x)
		}}
	})
}

// mapping is an operator that makes records out of each one.
type mapping[T, U any] struct {
	name string
	out  pusher[U]
	f    func(to []U, x T) []U
	buf  []U
}

// maxResults is how many results gather before they are pushed on.
const maxResults = 4096

func (m *mapping[T, U]) push(xs []T) (err error) {
	defer guard(m.name, &err)
	m.buf = m.buf[:0]
	for _, x := range xs {
		if m.buf = m.f(m.buf, x); len(m.buf) >= maxResults {
			if err := m.out.push(m.buf); err != nil {
				return err
			}
			m.buf = m.buf[:0]
		}
	}
	if len(m.buf) == 0 {
		return nil
	}
	return m.out.push(m.buf)
}

func (m *mapping[T, U]) end() error { return m.out.end() }

// Merge makes one stream of several of the same type, at least one: without any it panics. The records of all may be shared out anew among its tasks.
func Merge[T any](streams ...Stream[T]) Stream[T] {
	var first *node
	for _, s := range streams {
		first = cmp.Or(first, s.n)
	}
	if first == nil {
		panic(fmt.Sprintf("trident: Merge of %d streams, none of which is of a topology: it needs at least one that comes from NewStream, NewQuery or an operator", len(streams)))
	}
	n := first.g.add("", "merge", first.group)
	for _, s := range streams {
		if n.g.together(n, s.n) {
			exchangeTo(s.n, n, "merge", byTurns[T])
		}
	}
	n.head = func(p *pipeline) head { return headOver(n, outputOf[T](p, n)) }
	return Stream[T]{n}
}

// together checks that an operator's inputs have their batches in common; false when there is no input.
func (g *graph) together(n, input *node) bool {
	switch {
	case input == nil:
		g.problem(n.name, "one of its inputs is a zero Stream, which is of no topology")
	case input.g != g:
		g.problem(n.name, "its inputs are of two topologies")
	case input.group != n.group:
		g.problem(n.name, "%q and %q have no batches in common: a stream of a query meets others through a state only", input.name, n.group.name())
	}
	return input != nil
}

func (g *group) name() string {
	if g.query != "" {
		return fmt.Sprintf("query %s", g.query)
	}
	return "the streams of sources"
}

// Partitioning says how records are shared out among tasks; see [Repartition].
type Partitioning[T any] struct {
	kind    string
	share   func() sharing[T]
	problem string // what is wrong with it
}

// Shuffle gives each task an equal share.
func Shuffle[T any]() Partitioning[T] { return Partitioning[T]{kind: "shuffle", share: byTurns[T]} }

// Broadcast gives every task every record.
func Broadcast[T any]() Partitioning[T] { return Partitioning[T]{kind: "broadcast", share: toAll[T]} }

// Global gives all records of all batches to one task.
func Global[T any]() Partitioning[T] { return Partitioning[T]{kind: "global", share: toFirst[T]} }

// BatchGlobal gives all records of a batch to one task, those of the next batch to the next.
func BatchGlobal[T any]() Partitioning[T] {
	return Partitioning[T]{kind: "batch-global", share: byBatch[T]}
}

// ByKey gives all records of a key to the same task. What can be a key is told at [GroupBy].
func ByKey[T any, K comparable](key func(T) K) Partitioning[T] {
	how := Partitioning[T]{kind: "key", share: func() sharing[T] { return byKey(key, mustKey[K]()) }}
	if _, err := keyOf[K](); err != nil {
		how.problem = fmt.Sprintf("its key: %v", err)
	}
	if key == nil {
		how.problem = "ByKey has no function"
	}
	return how
}

// Custom leaves the choice to f, which returns a number from 0 to tasks-1. What is outside fails the batch.
func Custom[T any](f func(x T, tasks int) int) Partitioning[T] {
	how := Partitioning[T]{kind: "custom", share: func() sharing[T] { return byChoice(f) }}
	if f == nil {
		how.problem = "Custom has no function"
	}
	return how
}

// Repartition shares the records out anew, among tasks of their own: as many as the result's Parallelism says.
func Repartition[T any](s Stream[T], how Partitioning[T]) Stream[T] {
	if how.share == nil {
		how = Partitioning[T]{kind: "repartition", problem: "it isn't said how: Shuffle, ByKey and others are ways"}
	}
	n := s.n.given("Repartition").g.add("", how.kind, s.n.group)
	if how.problem != "" {
		n.g.problem(n.name, "%s", how.problem)
	}
	exchangeTo(s.n, n, how.kind, how.share)
	n.head = func(p *pipeline) head { return headOver(n, outputOf[T](p, n)) }
	return Stream[T]{n}
}
