package trident

import "cmp"

// JoinKind says what a [Join] gives for keys that only one of its streams has in a batch.
type JoinKind uint8

// The kinds of joins. The zero JoinKind is Inner.
const (
	Inner JoinKind = iota // nothing
	Left                  // the left records, each alone
	Right                 // the right records, each alone
	Full                  // the records of either, each alone
	numJoinKinds
)

// Joined is a record of each of two streams that have the same key, or of one of them where the other has none.
type Joined[K comparable, A, B any] struct {
	Key      K
	Left     A    // the zero A without HasLeft
	Right    B    // the zero B without HasRight
	HasLeft  bool // at least one of both is true
	HasRight bool
}

// Cogroup has all records of a key of two streams in a batch, in the order they came in. One of both may be nil.
type Cogroup[K comparable, A, B any] struct {
	Key   K
	Left  []A
	Right []B
}

// Join brings together, within each batch, the records of two streams that have the same key: every left one with every right one. What a batch holds
// is held until it has ended, and no longer. Streams of different sources share their batches, but not their times: to
// join records that come far apart keep one of the sides in a state.
func Join[K comparable, A, B any](a Grouped[K, A], b Grouped[K, B], kind JoinKind) Stream[Joined[K, A, B]] {
	n := meet(a, b, "join", func(name string, out pusher[Joined[K, A, B]]) *meeting[K, A, B] {
		j := &joining[K, A, B]{kind: kind, out: out}
		return &meeting[K, A, B]{name: name, left: a.key, right: b.key, each: j.group, over: j.end}
	})
	if kind >= numJoinKinds {
		n.g.problem(n.name, "there is no join of kind %d", kind)
	}
	return Stream[Joined[K, A, B]]{n}
}

// CoGroup brings together, within each batch, all records of two streams that have the same key: one result for each key that either has.
func CoGroup[K comparable, A, B any](a Grouped[K, A], b Grouped[K, B]) Stream[Cogroup[K, A, B]] {
	return Stream[Cogroup[K, A, B]]{meet(a, b, "cogroup", func(name string, out pusher[Cogroup[K, A, B]]) *meeting[K, A, B] {
		return &meeting[K, A, B]{name: name, left: a.key, right: b.key, over: out.end, each: func(k K, as []A, bs []B) error {
			return out.push([]Cogroup[K, A, B]{{Key: k, Left: as, Right: bs}})
		}}
	})}
}

// meet makes a head with two inputs, for records of the same key.
func meet[K comparable, A, B, R any](a Grouped[K, A], b Grouped[K, B], kind string, work func(name string, out pusher[R]) *meeting[K, A, B]) *node {
	first := cmp.Or(a.n, b.n).given(kind)
	n := first.g.add("", kind, first.group)
	if left, right := n.g.together(n, a.n), n.g.together(n, b.n); !left || !right {
		return n
	}
	left := exchangeTo(a.n, n, "key", func() sharing[A] { return byKey(a.key, mustKey[K]()) })
	right := exchangeTo(b.n, n, "key", func() sharing[B] { return byKey(b.key, mustKey[K]()) })
	n.head = func(p *pipeline) head {
		m := work(n.name, outputOf[R](p, n))
		return head{
			inputs: []func(any) error{taking(pusher[A](leftOf[K, A, B]{m}), left), taking(pusher[B](rightOf[K, A, B]{m}), right)},
			finish: m.end,
		}
	}
	return n
}

// meeting gathers the records of two streams by key.
type meeting[K comparable, A, B any] struct {
	name   string
	left   func(A) K
	right  func(B) K
	groups map[K]*sides[A, B]
	each   func(k K, as []A, bs []B) error
	over   func() error
}

type sides[A, B any] struct {
	as []A
	bs []B
}

func (m *meeting[K, A, B]) of(k K) *sides[A, B] {
	if m.groups == nil {
		m.groups = map[K]*sides[A, B]{}
	}
	s := m.groups[k]
	if s == nil {
		s = &sides[A, B]{}
		m.groups[k] = s
	}
	return s
}

func (m *meeting[K, A, B]) end() (err error) {
	defer guard(m.name, &err)
	for k, s := range m.groups {
		if err := m.each(k, s.as, s.bs); err != nil {
			return err
		}
	}
	clear(m.groups)
	return m.over()
}

// leftOf and rightOf are what the two streams push into.
type leftOf[K comparable, A, B any] struct{ *meeting[K, A, B] }

func (m leftOf[K, A, B]) push(xs []A) (err error) {
	defer guard(m.name, &err)
	for _, x := range xs {
		s := m.of(m.left(x))
		s.as = append(s.as, x)
	}
	return nil
}

type rightOf[K comparable, A, B any] struct{ *meeting[K, A, B] }

func (m rightOf[K, A, B]) push(xs []B) (err error) {
	defer guard(m.name, &err)
	for _, x := range xs {
		s := m.of(m.right(x))
		s.bs = append(s.bs, x)
	}
	return nil
}

// joining makes the results of a join.
type joining[K comparable, A, B any] struct {
	kind JoinKind
	out  pusher[Joined[K, A, B]]
	buf  []Joined[K, A, B]
}

func (j *joining[K, A, B]) group(k K, as []A, bs []B) error {
	switch {
	case len(bs) == 0 && (j.kind == Left || j.kind == Full):
		for _, a := range as {
			if err := j.add(Joined[K, A, B]{Key: k, Left: a, HasLeft: true}); err != nil {
				return err
			}
		}
	case len(as) == 0 && (j.kind == Right || j.kind == Full):
		for _, b := range bs {
			if err := j.add(Joined[K, A, B]{Key: k, Right: b, HasRight: true}); err != nil {
				return err
			}
		}
	}
	return j.pairs(k, as, bs)
}

func (j *joining[K, A, B]) pairs(k K, as []A, bs []B) error {
	for _, a := range as {
		for _, b := range bs {
			if err := j.add(Joined[K, A, B]{Key: k, Left: a, Right: b, HasLeft: true, HasRight: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *joining[K, A, B]) add(x Joined[K, A, B]) error {
	if j.buf = append(j.buf, x); len(j.buf) < maxResults {
		return nil
	}
	return j.flush()
}

func (j *joining[K, A, B]) flush() error {
	if len(j.buf) == 0 {
		return nil
	}
	err := j.out.push(j.buf)
	j.buf = j.buf[:0]
	return err
}

func (j *joining[K, A, B]) end() error {
	if err := j.flush(); err != nil {
		return err
	}
	return j.out.end()
}
