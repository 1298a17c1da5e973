package worker

import (
	"errors"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// hear tells the spout what has become of its trees and gives it its mail; it reports whether there was anything.
func (t *spoutTask) hear() bool {
	if !t.lane.waiting.Load() {
		return false
	}
	t.lane.take(&t.told)
	t.clock()
	for i := 0; i < len(t.told.complete); {
		i = t.hearComplete(i)
	}
	t.figures.complete.flush()
	t.each(len(t.told.failed), t.hearFailed)
	clear(t.told.failed)
	t.suspect = t.suspect || t.told.suspect && t.ledger.Pending() > 0
	if t.told.all {
		t.failAll(errPeerLost)
	}
	t.receive()
	return true
}

var errPeerLost = errors.New("another worker of the topology has ended, and tuples of the tree may have been there")

// failAll fails all trees that are open.
func (t *spoutTask) failAll(cause error) {
	t.suspect = false
	t.expired = t.ledger.Drain(t.expired[:0])
	t.tellExpired(&t.figures.failed, cause)
}

// hearComplete settles complete trees from i on, and returns where it came to: a panic of the spout
// ends it early.
func (t *spoutTask) hearComplete(i int) (next int) {
	next = i
	defer t.calledBack(t.callBack(), &next)
	for ; next < len(t.told.complete); next++ {
		if s, ok := t.ledger.Settle(t.told.complete[next]); ok {
			t.completed(s)
		}
	}
	return next
}

func (t *spoutTask) hearFailed(i int) {
	f := t.told.failed[i]
	if s, ok := t.ledger.SettleFailed(f.root); ok {
		t.figures.failed++
		t.treeFailed(s.ID, f.cause)
	}
}

// each calls f, which may call the spout's Ack and Fail, for 0 to n-1. A panic of the
// spout replaces it, and the rest goes to the new one.
func (t *spoutTask) each(n int, f func(i int)) {
	for i := 0; i < n; {
		i = t.some(i, n, f)
	}
}

func (t *spoutTask) some(i, n int, f func(i int)) (next int) {
	next = i
	defer t.calledBack(t.callBack(), &next)
	for ; next < n; next++ {
		f(next)
	}
	return next
}

// leaveNext ends the Next that waits in an emit when Ack or Fail have panicked meanwhile.
func (t *spoutTask) leaveNext() {
	if p := t.panicked; p != nil {
		t.panicked = nil
		panic(p)
	}
}

// callBack says that the spout's Ack and Fail run, which must not emit.
func (t *spoutTask) callBack() (before callState) {
	before = callState{t.settling, t.busy.Swap(t.now)}
	t.settling = true
	return before
}

// callState is what callBack has changed.
type callState struct {
	settling bool
	busy     int64
}

// calledBack is deferred: it undoes callBack, and replaces a spout that has panicked; then the tree at
// next has been told.
func (t *spoutTask) calledBack(before callState, next *int) {
	p := recover()
	t.settling = before.settling
	if p != nil {
		*next++
		if t.inNext { // which must be left before the spout can be replaced
			t.panicked = p
		} else {
			t.recovered(t.w.hard, p)
		}
	}
	t.busy.Store(before.busy)
}

func (t *spoutTask) completed(s acker.Settled) {
	t.figures.acked++
	t.figures.complete.gather(t.now - s.Opened)
	if t.hears != nil {
		t.hears.Ack(s.ID)
	}
	if t.observer != nil {
		t.observer.Completed(t.id, s.ID, nil)
	}
}

func (t *spoutTask) treeFailed(id any, cause error) {
	if t.hears != nil {
		t.ended = false // it may want to emit it again
		t.hears.Fail(id, cause)
	}
	if t.observer != nil {
		t.observer.Completed(t.id, id, cause)
	}
}

// sweep fails the trees whose time is over, or all if several workers, each at its own time, have seen the death of another: so that is one failure of a tree and
// not one for each of them. It reports whether there were any.
func (t *spoutTask) sweep() bool {
	if t.now < t.sweepAt {
		return false
	}
	t.sweepAt = t.now + int64(t.w.tickLen)
	if t.suspect {
		t.failAll(errPeerLost)
		return len(t.expired) > 0
	}
	t.expired = t.ledger.Expire(t.tick, t.w.timeoutTicks, t.expired[:0])
	t.tellExpired(&t.figures.timedOut, topology.ErrTimeout)
	return len(t.expired) > 0
}

// tellExpired tells the spout of the trees that the ledger has ended, and counts them.
func (t *spoutTask) tellExpired(count *int64, cause error) {
	t.each(len(t.expired), func(i int) {
		*count++
		t.treeFailed(t.expired[i].ID, cause)
	})
	clear(t.expired) // for their ids' memory
}
