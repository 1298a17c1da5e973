package worker

import (
	"container/heap"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

// Faults are what a Stepper does to tuples on their way, and how often. The zero Faults is none.
type Faults struct {
	Drop      float64       // the share of tuples that are lost
	Duplicate float64       // the share of tuples that arrive twice; the second belongs to no tree
	Delay     float64       // the share of tuples that arrive late
	MaxDelay  time.Duration // by how much at most; 0 means a second
}

// steps is the driver of tasks that are stepped.
type steps struct {
	w       *Worker
	start   time.Time
	at      int64 // simulated nanoseconds
	random  random
	faults  Faults
	delayed delayHeap
	order   int64          // of delayed slabs that are due together
	under   map[*task]bool // whose code is on the stack
	ready   []*task
}

func (d *steps) now() int64 { return d.at }

func (d *steps) wall() time.Time { return d.start.Add(time.Duration(d.at - 1)) } // at begins at 1, as 0 is no time

// pause does not wait: a task that is restarted has nothing to wait for. One that can't be started
// again, however often that is tried, ends the topology.
func (d *steps) pause(t *task, pause time.Duration) {
	if pause == maxRestartPause {
		d.w.fail(fmt.Errorf("%s panicked, and could not be started again; see the errors that it reported", t.name()))
	}
}

func (d *steps) deliver(_ *task, to *inbox, s *topology.Slab) {
	f := d.faults
	switch {
	case d.chance(f.Drop):
		d.lose(to, s)
	case d.chance(f.Delay):
		limit := max(f.MaxDelay, 0)
		if limit == 0 {
			limit = time.Second
		}
		d.order++
		heap.Push(&d.delayed, delayedSlab{d.at + 1 + int64(d.random.float()*float64(limit)), d.order, to, s})
	default:
		to.queue = append(to.queue, s)
	}
	if d.chance(f.Duplicate) {
		d.duplicate(to, s)
	}
}

// ship is never called: a topology that is stepped has one worker.
func (d *steps) ship(*task, *place, []byte) { panic("worker: a stepped topology has one worker") }

func (d *steps) chance(share float64) bool { return share > 0 && d.random.float() < share }

func (d *steps) lose(to *inbox, s *topology.Slab) {
	to.tuples.Add(int64(-s.Len()))
	to.sent.Add(-1)
}

func (d *steps) duplicate(to *inbox, s *topology.Slab) {
	t := s.Tuple(0)
	copied := topology.NewSlab(1)
	copied.From, copied.Filled = s.From, s.Filled
	copied.Add(t.Source(), t.Values(), 0, 0)
	to.tuples.Add(1)
	to.sent.Add(1)
	to.queue = append(to.queue, copied)
}

// await has other tasks work, or time pass, until the spout may have been told something.
func (d *steps) await(t *spoutTask) bool {
	if !d.step(&t.task) {
		next := d.next()
		if next == 0 {
			return false
		}
		d.at = next
	}
	return t.w.hard.Err() == nil
}

// step has one task do a piece of work, chosen at random among those that can; it reports false
// when none can. except is a task whose code waits for this.
func (d *steps) step(except *task) bool {
	if d.under == nil {
		d.under = map[*task]bool{}
	}
	if except != nil {
		d.under[except] = true
		defer delete(d.under, except)
	}
	d.arrive()
	d.ready = d.ready[:0]
	for _, t := range d.w.tasks() {
		if !d.under[t] && t.runnable(d.at) {
			d.ready = append(d.ready, t)
		}
	}
	if len(d.ready) == 0 {
		return false
	}
	d.ready[d.random.below(len(d.ready))].work()
	return true
}

// arrive brings what was delayed until now.
func (d *steps) arrive() {
	for len(d.delayed) > 0 && d.delayed[0].at <= d.at {
		s := heap.Pop(&d.delayed).(delayedSlab)
		s.to.queue = append(s.to.queue, s.slab)
	}
}

// next returns when something will happen by itself, 0 when nothing will.
func (d *steps) next() int64 {
	at := int64(0)
	if len(d.delayed) > 0 {
		at = d.delayed[0].at
	}
	for _, t := range d.w.tasks() {
		if n := t.nextEvent(); n != 0 && (at == 0 || n < at) {
			at = n
		}
	}
	if at == 0 {
		return 0
	}
	return max(at, d.at+1)
}

// runnable reports whether the task has something to do at the time.
func (t *task) runnable(now int64) bool {
	if t.spout != nil {
		return t.spout.runnable(now)
	}
	b := t.bolt
	due := b.deadline()
	return len(b.in.queue) > 0 && b.slab == nil || due != 0 && due <= now || b.mail.waiting.Load()
}

func (t *spoutTask) runnable(now int64) bool {
	woken := len(t.lane.wake) > 0 && t.mayEmit()
	polled := t.mayEmit() && now >= t.restUntil
	swept := t.ledger.Pending() > 0 && now >= t.sweepAt
	return woken || polled || swept || t.lane.waiting.Load()
}

// work has the task do one piece of work.
func (t *task) work() {
	if t.spout != nil {
		t.spout.workOnce()
	} else {
		t.bolt.workOnce()
	}
	t.flush()
}

func (t *spoutTask) workOnce() {
	select {
	case <-t.lane.wake:
		t.restUntil = 0
	default:
	}
	t.pace = 1
	t.clock()
	if t.now < t.restUntil && !t.lane.waiting.Load() {
		t.sweep()
		t.publish()
		return
	}
	if t.step(t.w.hard) {
		t.backoff, t.restUntil = 0, 0
		return
	}
	t.backoff = min(max(2*t.backoff, minBackoff), maxBackoff)
	t.restUntil = t.now + int64(t.backoff)
}

func (t *boltTask) workOnce() {
	t.clock()
	t.wakeUp(t.w.hard)
	if q := t.in.queue; len(q) > 0 && t.slab == nil {
		s := q[0]
		q[0] = nil
		t.in.queue = q[1:]
		t.handleSlab(t.w.hard, s)
	}
}

func (t *task) nextEvent() int64 {
	if t.spout == nil {
		return t.bolt.deadline()
	}
	s := t.spout
	at := int64(0)
	if s.mayEmit() {
		at = max(s.restUntil, 1)
	}
	if s.ledger.Pending() > 0 && (at == 0 || s.sweepAt < at) {
		at = s.sweepAt
	}
	return at
}

// delayedSlab is a slab that arrives later.
type delayedSlab struct {
	at, order int64
	to        *inbox
	slab      *topology.Slab
}

// delayHeap is ordered by time, then by when the delay began.
type delayHeap []delayedSlab

func (h delayHeap) Len() int { return len(h) }
func (h delayHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].order < h[j].order
}
func (h delayHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *delayHeap) Push(x any)   { *h = append(*h, x.(delayedSlab)) }
func (h *delayHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = delayedSlab{}
	*h = (*h)[:last]
	return s
}
