package trident

import (
	"time"

	"github.com/galestream/gale/topology"
)

// windowing is what is said of windows of time.
type windowing[T any] struct {
	at       func(T) time.Time // nil: the time of the batch
	lateness time.Duration
}

// EventTime takes the time of each record from the record, instead of from its batch. A window closes when a batch has brought a record that is lateness, or more,
// after the window's end, in whatever task: how far the others have come doesn't count. lateness is 0 or more; what is below a millisecond is cut off.
//
// The last batch of sources that end closes all windows. Where none ends, what is open stays open until a later record comes.
//
// The records of the windows must be of type T.
func EventTime[T any](of func(T) time.Time, lateness time.Duration) WindowOption {
	return eventTime{of, lateness}
}

// TumblingTime aggregates the records of each key in windows of length d, one after the other, exactly once: a result goes on in the batch that closes its
// window. Windows begin at whole multiples of d since 1970, and are [start, end); Storm's are (start, end].
//
// The time of a record is that of its batch: when its coordinator began it, by the clock. Then windows close by the clock too, whether records come or not, and none is
// ever late. [EventTime] takes the time from the records. The last batch of sources that end closes all windows: what comes when a topology goes on with more belongs to the windows after.
//
// What is in open windows is state, under the name: an aggregate of each window, so a key has as many as it has open windows. d is at least a
// millisecond, and a whole number of them. Options are [EventTime] and those of states but [TTL]: [OnDisk], [AllowDuplicates].
func TumblingTime[K comparable, T, A any](g Grouped[K, T], name string, d time.Duration, a Aggregator[T, A], options ...WindowOption) Windows[T, Pair[K, Window[A]]] {
	return SlidingTime(g, name, d, d, a, options...)
}

// SlidingTime is TumblingTime with windows that overlap: of length d, one every so often, which is at most d. Windows begin at whole multiples of every since
// 1970. A record is in all windows of its time that are open.
//
// What is kept are aggregates of the largest pieces that make up all windows, their greatest common divisor, when the aggregator is a [Combiner]; with others
// the records themselves. There may be 4096 pieces in a window. What a key keeps, encoded, may be 16 MiB.
func SlidingTime[K comparable, T, A any](g Grouped[K, T], name string, d, every time.Duration, a Aggregator[T, A], options ...WindowOption) Windows[T, Pair[K, Window[A]]] {
	n := g.n.given("SlidingTime").g.add(name, "window", g.n.group)
	w, kept := windowingOf[T](n, options)
	f, parts := frameFor(n, d.Milliseconds(), every.Milliseconds()), partsOf(n.g, n.name, "windows", a)
	if d%time.Millisecond != 0 || every%time.Millisecond != 0 {
		n.g.problem(name, "its windows are of %v every %v; both must be whole milliseconds", d, every)
	}
	n.most = marks
	if parts.Combine != nil || f.whole() {
		byTime(g, n, w, f, fillParts(parts), kept)
	} else {
		byTime(g, n, w, f, fillRecords(parts), kept)
	}
	return windowsOf[T, Pair[K, Window[A]]](n)
}

// TumblingTimeAll is [TumblingTime] of a whole stream, in one task.
func TumblingTimeAll[T, A any](s Stream[T], name string, d time.Duration, a Aggregator[T, A], options ...WindowOption) Windows[T, Window[A]] {
	return SlidingTimeAll(s, name, d, d, a, options...)
}

// SlidingTimeAll is [SlidingTime] of a whole stream, in one task.
func SlidingTimeAll[T, A any](s Stream[T], name string, d, every time.Duration, a Aggregator[T, A], options ...WindowOption) Windows[T, Window[A]] {
	w := SlidingTime(GroupBy(s, func(T) bool { return true }), name, d, every, a, options...)
	w.results.n.up.single = true
	all := Map(w.results, func(p Pair[bool, Window[A]]) Window[A] { return p.Value })
	return Windows[T, Window[A]]{all, w.late}
}

// byTime makes the head of windows by time. With the time of records, all tasks are told how far each batch has come, so that their windows close together.
func byTime[K comparable, T, V, A any](g Grouped[K, T], n *node, w *windowing[T], f frame, fill filling[T, V, A], kept []StateOption) {
	spec := declareWindows[K, V](n, kept)
	records := exchangeContents(g, n)
	var clock *edge
	if w.at != nil {
		of := w.at
		latest := partitionAggregate(Stream[T]{g.n}, Max(func(x T) int64 { return of(x).UnixMilli() }).Parts())
		latest.n.of = n
		clock = exchangeTo(latest.n, n, "broadcast", toAll[int64])
	}
	n.head = func(p *pipeline) head {
		t := &timeWindows[K, T, V, A]{
			openWindows: newOpenWindows(p, n, spec, g.key, f, fill), p: p, w: w, out: outputOf[fired[T, Pair[K, Window[A]]]](p, n),
			newest: never, told: -1, late: p.tc.Counter("late"),
		}
		h := head{inputs: []func(any) error{taking(pusher[T](t), records)}, finish: t.end}
		if clock != nil {
			h.inputs = append(h.inputs, taking(pusher[int64](clockOf[K, T, V, A]{t}), clock))
		}
		return h
	}
}

// timeWindows closes windows as time goes by.
//
// What is late is told by the windows that had closed when the batch began, so that it doesn't depend on the order in which a batch's records come. Only how far windows
// have closed is kept with the state, not the watermark itself: what lies between doesn't close anything.
type timeWindows[K comparable, T, V, A any] struct {
	openWindows[K, T, V, A]
	p        *pipeline
	w        *windowing[T]
	out      pusher[fired[T, Pair[K, Window[A]]]]
	loaded   bool
	calendar calendar[K]
	closed   int64 // windows that end here or before have closed
	newest   int64 // the latest time of a record
	told     int64 // the wake that the coordinator was told of; -1: none was said in this attempt
	late     *topology.Counter
	buf      []fired[T, Pair[K, Window[A]]]
}

// load finds what is open, when an attempt begins.
func (t *timeWindows[K, T, V, A]) load() (err error) {
	if t.loaded {
		return nil
	}
	t.calendar = newCalendar[K]()
	var open []K
	var contents []content[V]
	t.closed, err = t.store.load(func(k K, c content[V]) { open, contents = append(open, k), append(contents, c) })
	for i, k := range open {
		t.plan(k, contents[i].Value)
	}
	t.loaded = err == nil
	return err
}

// plan notes when a key's next window closes.
func (t *timeWindows[K, T, V, A]) plan(k K, ps panes[V]) {
	end, ok := ps.due(t.frame, t.closed)
	t.calendar.set(k, end, ok)
}

func (t *timeWindows[K, T, V, A]) push(xs []T) (err error) {
	defer guard(t.name, &err)
	if err := t.load(); err != nil {
		return err
	}
	for _, x := range xs {
		at := t.timeOf(x)
		if t.frame.lastEnd(at) <= t.closed {
			t.late.Add(1)
			t.buf = append(t.buf, fired[T, Pair[K, Window[A]]]{late: true, record: x})
			continue
		}
		c, err := t.of(t.key(x))
		if err != nil {
			return err
		}
		c.Value = t.fill.put(c.Value, t.frame.paneOf(at), x)
	}
	return t.flush(maxResults)
}

// timeOf returns a record's time. That of the batch lies before the end of a window that has closed only when the end of the sources has closed it; what comes
// then belongs to the next.
func (t *timeWindows[K, T, V, A]) timeOf(x T) int64 {
	if t.w.at != nil {
		return t.w.at(x).UnixMilli()
	}
	return max(t.p.batch.time, t.closed)
}

// clockOf is what takes in how far a batch has come.
type clockOf[K comparable, T, V, A any] struct{ *timeWindows[K, T, V, A] }

func (c clockOf[K, T, V, A]) push(times []int64) error {
	for _, at := range times {
		c.newest = max(c.newest, at)
	}
	return nil
}

func (t *timeWindows[K, T, V, A]) end() (err error) {
	defer guard(t.name, &err)
	if err := t.load(); err != nil {
		return err
	}
	for k, c := range t.touched {
		t.plan(k, c.Value)
	}
	if err := t.keep(); err != nil {
		return err
	}
	if err := t.pass(); err != nil {
		return err
	}
	if err := t.flush(1); err != nil {
		return err
	}
	t.wake()
	return t.out.end()
}

// pass closes what has ended by now.
func (t *timeWindows[K, T, V, A]) pass() error {
	was := t.closed
	if now := t.now(); now > never {
		if err := t.closeUntil(t.frame.closed(now)); err != nil {
			return err
		}
	}
	for t.p.ended {
		end, ok := t.calendar.first()
		if !ok {
			break
		}
		if err := t.closeUntil(end); err != nil {
			return err
		}
	}
	if t.closed == was || t.w.at == nil && !t.p.ended {
		return nil // a batch's time tells again what it has closed
	}
	return t.store.mark(t.closed)
}

// now is the time that has passed for windows.
func (t *timeWindows[K, T, V, A]) now() int64 {
	switch {
	case t.w.at == nil:
		return t.p.batch.time
	case t.newest == never:
		return never
	}
	return t.newest - t.w.lateness.Milliseconds()
}

// closeUntil closes the windows that end at a time or before, in the order of their ends.
func (t *timeWindows[K, T, V, A]) closeUntil(until int64) error {
	for {
		end, ok := t.calendar.first()
		if !ok || end > until {
			break
		}
		t.closed = max(t.closed, end)
		for _, k := range t.calendar.take(end) {
			if err := t.close(k, end); err != nil {
				return err
			}
		}
	}
	t.closed = max(t.closed, until)
	return nil
}

// close gives the result of a key's window, and keeps what is left of the key. It is kept first: the aggregator may change what it is given.
func (t *timeWindows[K, T, V, A]) close(k K, end int64) error {
	c, err := t.store.get(k)
	if err != nil {
		return err
	}
	held := c.Value.within(end-t.frame.size, end)
	left := c.Value.after(t.frame, end)
	t.plan(k, left)
	if err := t.store.put(k, content[V]{Value: left}); err != nil {
		return err
	}
	w := newWindow(end-t.frame.size, end, t.fill.result(held))
	t.buf = append(t.buf, fired[T, Pair[K, Window[A]]]{result: Pair[K, Window[A]]{Key: k, Value: w}})
	return t.flush(maxResults)
}

// flush pushes on what there is, if it is as many.
func (t *timeWindows[K, T, V, A]) flush(many int) error {
	if len(t.buf) < many {
		return nil
	}
	err := t.out.push(t.buf)
	t.buf = t.buf[:0]
	return err
}

// wake asks for a batch when the next window ends by the clock. It is said anew in each attempt, since the coordinator may be another. There is
// one stream in windows in a task, so this is all that the task has to ask for.
func (t *timeWindows[K, T, V, A]) wake() {
	if t.w.at != nil {
		return
	}
	at, _ := t.calendar.first()
	if at != t.told {
		t.told = at
		t.p.task.tell(mail{Kind: mailWake, At: at})
	}
}
