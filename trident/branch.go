package trident

// Branch parts a stream: each record goes to the stream of the first function that is true of it. There is one stream more than functions: the
// last has the records of which none is true.
func Branch[T any](s Stream[T], of ...func(T) bool) []Stream[T] {
	n := s.n.then("branch")
	for i, f := range of {
		if f == nil {
			n.g.problem(n.name, "its function %d is nil", i)
		}
	}
	streams := make([]Stream[T], len(of)+1)
	for i := range streams {
		streams[i] = passing[T](n)
	}
	n.pipe = func(p *pipeline) any {
		b := &branching[T]{name: n.name, of: of, bufs: make([][]T, len(streams))}
		for _, s := range streams {
			b.outs = append(b.outs, inputOf[T](p, s.n))
		}
		return pusher[T](b)
	}
	return streams
}

// passing is an operator that does nothing, but that others can follow.
func passing[T any](n *node) Stream[T] {
	d := n.then("branch")
	d.pipe = func(p *pipeline) any { return outputOf[T](p, d) }
	return Stream[T]{d}
}

// branching pushes each record into one of its outputs.
type branching[T any] struct {
	name string
	of   []func(T) bool
	outs []pusher[T]
	bufs [][]T
}

func (b *branching[T]) push(xs []T) (err error) {
	defer guard(b.name, &err)
	for _, x := range xs {
		i := b.choose(x)
		b.bufs[i] = append(b.bufs[i], x)
	}
	for i, out := range b.outs {
		if len(b.bufs[i]) == 0 {
			continue
		}
		if err := out.push(b.bufs[i]); err != nil {
			return err
		}
		b.bufs[i] = b.bufs[i][:0]
	}
	return nil
}

func (b *branching[T]) choose(x T) int {
	for i, f := range b.of {
		if f(x) {
			return i
		}
	}
	return len(b.of)
}

func (b *branching[T]) end() error { return tee[T](b.outs).end() }
