package trident

import (
	"context"
	"iter"

	"github.com/galestream/gale/trident/codec"
	"github.com/galestream/gale/trident/state"
)

// StateQuery looks up a key for each record, and puts f's result in its place. found is false when the table doesn't have the key.
//
// The records go to the tasks that have the table's keys. Those of sources see the table as it is after their own batch; those of queries see what is committed.
func StateQuery[T any, K comparable, V, U any](s Stream[T], table Table[K, V], key func(T) K, f func(x T, v V, found bool) U) Stream[U] {
	g := s.n.given("StateQuery").g
	n := g.add("", "statequery", s.n.group)
	if key == nil || f == nil {
		g.problem(n.name, "it lacks a function")
	}
	if table.n == nil || table.n.g != g {
		g.problem(n.name, "its table or value is of no topology, or of another one")
		return Stream[U]{n}
	}
	n.state = table.spec
	exchangeTo(s.n, n, "key", func() sharing[T] { return byKey(key, mustKey[K]()) })
	n.head = func(p *pipeline) head {
		q := &querying[T, K, V, U]{name: n.name, key: key, f: f, get: lookup[K, V](p, n), out: outputOf[U](p, n)}
		return headOver(n, pusher[T](q))
	}
	return Stream[U]{n}
}

// ValueQuery puts f's result of each record and of a state's one value in the record's place: what Storm calls SnapshotGet. found is false
// when the state has no value yet. As for [StateQuery], records of sources see the value as it is after their own batch, and those of queries see what is committed. All records
// go to the task that has the value.
func ValueQuery[T, V, U any](s Stream[T], value Value[V], f func(x T, v V, found bool) U) Stream[U] {
	return StateQuery(s, Table[bool, V](value), func(T) bool { return true }, f)
}

// lookup returns how an operator reads a table.
func lookup[K comparable, V any](p *pipeline, n *node) func(K) (V, bool, error) {
	if n.state.load != nil {
		m := p.task.statics[n.state].(map[K]V)
		return func(k K) (V, bool, error) {
			v, ok := m[k]
			return v, ok, nil
		}
	}
	values := newValues[K, V](p, n.state)
	if n.group.query != "" {
		return values.committed
	}
	return values.get
}

type querying[T any, K comparable, V, U any] struct {
	name string
	key  func(T) K
	f    func(x T, v V, found bool) U
	get  func(K) (V, bool, error)
	out  pusher[U]
	buf  []U
}

func (q *querying[T, K, V, U]) push(xs []T) (err error) {
	defer guard(q.name, &err)
	q.buf = q.buf[:0]
	for _, x := range xs {
		v, found, err := q.get(q.key(x))
		if err != nil {
			return err
		}
		q.buf = append(q.buf, q.f(x, v, found))
	}
	return q.out.push(q.buf)
}

func (q *querying[T, K, V, U]) end() error { return q.out.end() }

// StaticTable makes a table of what load returns, which nothing changes: each task calls load when it opens, and keeps the keys that are its own. An error of load, or of
// the sequence, ends the topology.
func StaticTable[K comparable, V any](b builder, name string, load func(ctx context.Context) (iter.Seq2[K, V], error)) Table[K, V] {
	g := graphOf(b)
	n := g.add(name, "table", g.groups[0])
	g.own(n, "table")
	checkKey[K](n)
	spec := &stateSpec{name: name, kind: "static", node: n}
	describeState[K, V](n, spec)
	n.state = spec
	g.states = append(g.states, spec)
	if load == nil {
		g.problem(name, "it has no function")
		return Table[K, V]{n, spec}
	}
	spec.load = func(ctx context.Context, index, tasks int) (_ any, err error) {
		defer guard(name, &err)
		return keepOwn(ctx, load, index, tasks)
	}
	spec.find = finder[K, V]()
	spec.count = func(m any) int { return len(m.(map[K]V)) }
	return Table[K, V]{n, spec}
}

// finder returns how a table's map is asked for an encoded key.
func finder[K comparable, V any]() func(m any, key []byte) ([]byte, bool, error) {
	c, _ := codec.For[V]()
	return func(m any, key []byte) ([]byte, bool, error) {
		k, err := mustKeys[K]().Decode(key)
		if err != nil {
			return nil, false, err
		}
		v, ok := m.(map[K]V)[k]
		if !ok {
			return nil, false, nil
		}
		value, err := c.Append(nil, v)
		return value, true, err
	}
}

func keepOwn[K comparable, V any](ctx context.Context, load func(ctx context.Context) (iter.Seq2[K, V], error), index, tasks int) (map[K]V, error) {
	all, err := load(ctx)
	if err != nil {
		return nil, err
	}
	own, encode := map[K]V{}, mustKey[K]()
	var b []byte
	for k, v := range all {
		if b = encode(b[:0], k); state.Owner(state.Group(textOf(b)), tasks) == index {
			own[k] = v
		}
	}
	return own, nil
}
