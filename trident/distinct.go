package trident

// Distinct keeps one record of each key in each batch: the one that comes first, which may be another when the batch is tried again. Each task sends one
// record of a key at most.
func Distinct[T any, K comparable](s Stream[T], key func(T) K) Stream[T] {
	s.n.given("Distinct")
	if key == nil {
		s.n.g.problem(s.n.name, "Distinct has no function")
	}
	checkKey[K](s.n)
	part := s.n.then("distinct")
	part.pipe = func(p *pipeline) any {
		return pusher[T](&distinguishing[T, K]{name: part.name, key: key, out: outputOf[T](p, part)})
	}
	n := s.n.g.add("", "distinct", s.n.group)
	part.of = n
	exchangeTo(part, n, "key", func() sharing[T] { return byKey(key, mustKey[K]()) })
	n.head = func(p *pipeline) head {
		return headOver(n, pusher[T](&distinguishing[T, K]{name: n.name, key: key, out: outputOf[T](p, n)}))
	}
	return Stream[T]{n}
}

// distinguishing lets the first record of each key of a batch through.
type distinguishing[T any, K comparable] struct {
	name string
	key  func(T) K
	out  pusher[T]
	seen map[K]struct{}
	buf  []T
}

func (d *distinguishing[T, K]) push(xs []T) (err error) {
	defer guard(d.name, &err)
	if d.seen == nil {
		d.seen = map[K]struct{}{}
	}
	d.buf = d.buf[:0]
	for _, x := range xs {
		k := d.key(x)
		if _, known := d.seen[k]; !known {
			d.seen[k] = struct{}{}
			d.buf = append(d.buf, x)
		}
	}
	if len(d.buf) == 0 {
		return nil
	}
	return d.out.push(d.buf)
}

func (d *distinguishing[T, K]) end() error {
	clear(d.seen)
	return d.out.end()
}
