package worker

import (
	"time"

	"github.com/galestream/gale/topology"
)

// threads drives tasks that have a goroutine each, in real time.
type threads struct {
	w    *Worker
	base time.Time
}

func (d *threads) now() int64 { return int64(time.Since(d.base)) }

func (d *threads) wall() time.Time { return time.Now() }

func (d *threads) deliver(from *task, to *inbox, s *topology.Slab) {
	select {
	case to.slabs <- s:
	default:
		from.feed() // what waits for others must not wait for this one, too
		d.block(from, to, s)
	}
}

// block waits for room in the inbox.
func (d *threads) block(from *task, to *inbox, s *topology.Slab) {
	from.blocked(func() (delivered bool) {
		select {
		case to.slabs <- s:
			return true
		case <-from.bell():
			from.spout.hearBlocked()
		case <-from.nextSweep():
			from.spout.hearBlocked()
		case <-d.w.hard.Done():
			return true // nobody will read it
		}
		return false
	})
}

// ship waits for credit to send a slab to another worker.
func (d *threads) ship(from *task, p *place, slab []byte) {
	from.blocked(func() (delivered bool) {
		p.await(from.far.bell)
		if p.send(slab) {
			return true
		}
		select {
		case <-from.far.bell:
		case <-from.bell():
			from.spout.hearBlocked()
		case <-from.nextSweep():
			from.spout.hearBlocked()
		case <-d.w.leaving:
			return true // this worker ends, and its trees fail
		case <-d.w.hard.Done():
			return true
		}
		return false
	})
}

// blocked tries to deliver until that is done, and waits in between. Meanwhile acks go on: those that a bolt has collected are
// sent before, and a spout hears of its trees.
func (t *task) blocked(try func() (delivered bool)) {
	d := t.w.driver
	began := d.now()
	busy := t.busy.Swap(0)
	t.figures.waits(0, since(began))
	t.beforeBlock()
	for !try() {
	}
	if t.spout != nil {
		t.spout.lane.parked.Store(false)
	}
	t.figures.blocked += d.now() - began
	t.figures.waits(0, 0)
	t.resume(busy)
	if t.spout != nil && t.spout.inNext {
		t.spout.leaveNext()
	}
}

// resume ends a wait within a call of the component's code, which began anew as far as anybody watches
// how long it takes. busy is 0 when the wait was not within one.
func (t *task) resume(busy int64) {
	if busy != 0 {
		t.busy.Store(t.w.driver.now())
	}
}

// bell is what rings when a spout has been told something; nil for bolts.
func (t *task) bell() chan struct{} {
	if t.spout == nil {
		return nil
	}
	return t.spout.lane.wake
}

// nextSweep rings when a spout must look for trees whose time is over; nil for bolts.
func (t *task) nextSweep() <-chan time.Time {
	if t.spout == nil || t.spout.ledger.Pending() == 0 {
		return nil
	}
	return t.alarm(max(t.spout.sweepAt, t.now+1))
}

func (t *task) beforeBlock() {
	if t.bolt != nil {
		t.bolt.settleAcks()
		t.flushWords()
	} else {
		t.spout.lane.parked.Store(true)
		t.spout.hearBlocked()
	}
	t.publish()
}

// hearBlocked hears of trees while an emit waits for room.
func (t *spoutTask) hearBlocked() {
	if !t.settling {
		t.hear()
		t.clock()
		t.sweep()
	}
	t.lane.parked.Store(true)
}

func (d *threads) await(t *spoutTask) bool {
	t.lane.parked.Store(true)
	defer t.lane.parked.Store(false)
	if t.lane.waiting.Load() {
		return true
	}
	select {
	case <-t.lane.wake:
	case <-t.alarm(max(t.sweepAt, t.now+int64(time.Millisecond))):
	case <-d.w.hard.Done():
		return false
	}
	return true
}

func (d *threads) pause(_ *task, pause time.Duration) {
	if pause <= 0 {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.w.hard.Done():
	}
}
