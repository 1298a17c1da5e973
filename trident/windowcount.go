package trident

// TumblingCount aggregates the records of each key n at a time, exactly once: a result goes on in the batch that brings the last of them. Records that don't make a window
// full give no result, also when the sources end. The records are taken in the order they come in, which several tasks before make arbitrary.
//
// What is in open windows is state, under the name. Options are those of states but [TTL]: [OnDisk], [AllowDuplicates].
func TumblingCount[K comparable, T, A any](g Grouped[K, T], name string, n int, a Aggregator[T, A], options ...StateOption) Stream[Pair[K, A]] {
	return SlidingCount(g, name, n, n, a, options...)
}

// SlidingCount is [TumblingCount] with windows that overlap: the first result is of the first n records of a key, and then there is one of the last n for
// every so many records more, which is at most n. Storm gives results of fewer than n in the beginning, too. What is kept is told at [SlidingTime].
func SlidingCount[K comparable, T, A any](g Grouped[K, T], name string, n, every int, a Aggregator[T, A], options ...StateOption) Stream[Pair[K, A]] {
	at := g.n.given("SlidingCount").g.add(name, "window", g.n.group)
	f, parts := frameFor(at, int64(n), int64(every)), partsOf(at.g, at.name, "windows", a)
	if parts.Combine != nil || f.whole() {
		byCount(g, at, f, fillParts(parts), options)
	} else {
		byCount(g, at, f, fillRecords(parts), options)
	}
	return Stream[Pair[K, A]]{at}
}

// TumblingCountAll is [TumblingCount] of a whole stream, in one task.
func TumblingCountAll[T, A any](s Stream[T], name string, n int, a Aggregator[T, A], options ...StateOption) Stream[A] {
	return SlidingCountAll(s, name, n, n, a, options...)
}

// SlidingCountAll is [SlidingCount] of a whole stream, in one task.
func SlidingCountAll[T, A any](s Stream[T], name string, n, every int, a Aggregator[T, A], options ...StateOption) Stream[A] {
	w := SlidingCount(GroupBy(s, func(T) bool { return true }), name, n, every, a, options...)
	w.n.single = true
	return Map(w, func(p Pair[bool, A]) A { return p.Value })
}

// byCount makes the head of windows by count. The axis of a key's frame is the numbers of its records, from 0.
func byCount[K comparable, T, V, A any](g Grouped[K, T], n *node, f frame, fill filling[T, V, A], options []StateOption) {
	spec := declareWindows[K, V](n, options)
	exchangeContents(g, n)
	n.head = func(p *pipeline) head {
		return headOver(n, pusher[T](&countWindows[K, T, V, A]{
			openWindows: newOpenWindows(p, n, spec, g.key, f, fill), out: outputOf[Pair[K, A]](p, n),
		}))
	}
}

// countWindows closes windows as their last record comes.
type countWindows[K comparable, T, V, A any] struct {
	openWindows[K, T, V, A]
	out pusher[Pair[K, A]]
	buf []Pair[K, A]
}

func (w *countWindows[K, T, V, A]) push(xs []T) (err error) {
	defer guard(w.name, &err)
	for _, x := range xs {
		k := w.key(x)
		c, err := w.of(k)
		if err != nil {
			return err
		}
		c.Value = w.fill.put(c.Value, w.frame.paneOf(c.Key), x)
		if c.Key++; w.frame.closed(c.Key) == c.Key && c.Key >= w.frame.size {
			if err := w.close(k, c); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

// close gives the result of the window that ends with a key's last record.
func (w *countWindows[K, T, V, A]) close(k K, c *content[V]) error {
	held := c.Value.within(c.Key-w.frame.size, c.Key)
	if !w.frame.whole() { // later windows have a part in it
		var err error
		if held, err = w.store.copied(held); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, Pair[K, A]{Key: k, Value: w.fill.result(held)})
	c.Value = c.Value.after(w.frame, c.Key)
	if len(w.buf) < maxResults {
		return nil
	}
	return w.flush()
}

func (w *countWindows[K, T, V, A]) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.out.push(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *countWindows[K, T, V, A]) end() (err error) {
	defer guard(w.name, &err)
	if err := w.keep(); err != nil {
		return err
	}
	return w.out.end()
}
