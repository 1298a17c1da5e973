package worker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// boltTask runs one instance of a bolt.
type boltTask struct {
	task
	instance  topology.Bolt
	handle    topology.Handler // the instance in its middleware; nil when there is none
	out       *topology.Collector
	in        *inbox
	taken     atomic.Int64   // slabs that were handled
	slab      *topology.Slab // being handled; nil between slabs
	at        int            // its next tuple
	current   *topology.Tuple
	emitErr   error // the first emit of the current call that could not be done
	pace      int   // tuples in a chunk
	nextTick  int64 // when the bolt is ticked, in nanoseconds; 0 for never
	retry     *retrier
	held      map[*topology.Slab]struct{} // manual acking: slabs with unsettled tuples
	holding   atomic.Bool                 // whether held has any, for others to read
	lastAcked int64                       // acks at the last panic
	executed  int64                       // when it was finished last, to see whether it must be again
	finished  bool

	// acks of one tree in a row are applied together.
	ackRoot acker.RootID
	ackXOR  uint64
}

// A chunk is the work between two looks at the clock: about chunkTime long, and at most
// maxChunk tuples. The tuples of a chunk share these looks, the publishing of the figures and
// the acks; more of it makes them cheaper and everything else later.
const (
	chunkTime = 20 * time.Microsecond
	maxChunk  = 512
)

func nextPace(pace int, took int64) int {
	if took > 2*int64(chunkTime) {
		return max(pace/2, 1)
	}
	if took < int64(chunkTime) {
		return min(pace*2, maxChunk)
	}
	return pace
}

// handleSlab executes the tuples of a slab and gives it back.
func (t *boltTask) handleSlab(ctx context.Context, s *topology.Slab) {
	t.in.tuples.Add(int64(-s.Len()))
	if t.comp.ManualAck {
		s.Live = s.Len()
		t.held[s] = struct{}{}
	}
	t.slab, t.at = s, 0
	t.clock()
	t.goOn(ctx)
}

// goOn executes the slab's tuples until its end, or until there is no room for tuples that may have to
// be tried again: then it is called again when there is.
func (t *boltTask) goOn(ctx context.Context) {
	s := t.slab
	t.busy.Store(t.now)
	for t.at < s.Len() && !t.retry.full() && ctx.Err() == nil {
		start, first := t.now, t.at
		t.executeChunk(ctx, s, start)
		t.endChunk(start, int64(t.at-first), s.Filled)
	}
	t.busy.Store(0)
	t.current = nil // it may be used by others now
	if t.at == s.Len() {
		t.release(s)
	}
}

// maxBlind is how many tuples are executed between two looks at the clock: a nanosecond a tuple is what
// looking so often costs.
const maxBlind = 32

// executeChunk executes up to pace tuples. It ends early when they take long: a bolt that has become
// slow must not keep what it has done to itself.
func (t *boltTask) executeChunk(ctx context.Context, s *topology.Slab, start int64) {
	end := min(t.at+t.pace, s.Len())
	for step := 1; t.at < end && !t.retry.full(); step = min(2*step, maxBlind) {
		t.at = t.execute(ctx, s, t.at, min(t.at+step, end))
		if t.at < end && t.w.driver.now()-start > 2*int64(chunkTime) {
			return
		}
	}
}

func (t *boltTask) release(s *topology.Slab) {
	t.slab = nil
	t.taken.Add(1)
	if g, ok := s.Origin.(granter); ok {
		g.grant()
	}
	if !t.in.keeps {
		t.w.slabs.put(s)
	}
}

// endChunk makes the effects of n tuples seen, of a slab that was filled at the given time.
func (t *boltTask) endChunk(start, n, filled int64) {
	took := t.clock() - start
	t.pace = nextPace(t.pace, took)
	t.figures.execute.record(took/n, n)
	if !t.comp.ManualAck {
		t.figures.process.record(t.now-filled, n)
	}
	t.settleAcks()
	t.flushWords()
	t.feed()
	t.publish()
	t.betweenTuples()
	t.busy.Store(t.now)
}

// execute handles the tuples from i to end, and returns where it came to: a panic ends it
// early. One recover serves many tuples.
func (t *boltTask) execute(ctx context.Context, s *topology.Slab, i, end int) (next int) {
	next = i
	defer func() {
		if p := recover(); p != nil {
			t.recovered(ctx, s.Tuple(next), p)
			next++
		}
	}()
	for ; next < end; next++ {
		if t.retry.full() {
			break
		}
		t.handleTuple(ctx, s.Tuple(next))
	}
	return next
}

// executeAlone handles a tuple that is tried again.
func (t *boltTask) executeAlone(ctx context.Context, tuple *topology.Tuple) {
	defer func() {
		if p := recover(); p != nil {
			t.recovered(ctx, tuple, p)
		}
		t.current = nil
	}()
	t.handleTuple(ctx, tuple)
}

func (t *boltTask) handleTuple(ctx context.Context, tuple *topology.Tuple) {
	t.current = tuple
	t.figures.executed++
	err := t.call(ctx, tuple)
	if err == nil && t.emitErr == nil {
		if !t.comp.ManualAck {
			t.acked(tuple)
		}
		return
	}
	t.executeFailed(tuple, err)
}

// call calls Execute, in the middleware where there is any.
func (t *boltTask) call(ctx context.Context, tuple *topology.Tuple) error {
	if t.handle != nil {
		return t.handle(ctx, tuple, t.out)
	}
	return t.instance.Execute(ctx, tuple, t.out)
}

// executeFailed deals with an error of Execute, or of an emit within it.
func (t *boltTask) executeFailed(tuple *topology.Tuple, err error) {
	err = errors.Join(err, t.emitErr)
	t.emitErr = nil
	if topology.IsFatal(err) {
		t.w.fail(fmt.Errorf("%s: %w", t.name(), err))
	}
	t.figures.errors++
	t.failTuple(tuple, err)
}

// failTuple has a tuple tried again, or fails it, unless the bolt has settled it already.
func (t *boltTask) failTuple(tuple *topology.Tuple, cause error) {
	if tuple.Delivery().State != topology.Unsettled {
		t.report(cause)
		return
	}
	if t.retry != nil {
		t.retry.failed(tuple, cause)
		return
	}
	t.report(cause)
	if t.comp.ManualAck {
		t.settle(tuple, topology.Failed, cause)
		return
	}
	t.failed(tuple, cause)
}

// acked puts the ack of a tuple in the ledger.
func (t *boltTask) acked(tuple *topology.Tuple) {
	d := tuple.Delivery()
	if t.comp.ManualAck { // else nobody looks, and a store would take the line from the emitter
		d.State = topology.Acked
	}
	t.figures.acked++
	if d.Root != 0 {
		t.apply(acker.RootID(d.Root), d.Edge^d.Born)
		for _, l := range d.More() {
			t.apply(acker.RootID(l.Root), l.Edge^l.Born)
		}
	}
	if t.observer != nil {
		t.observer.Executed(t.id, tuple, nil)
	}
}

// apply collects what is applied to one tree in a row: tuples of a tree that are born together
// lie together in a slab.
func (t *boltTask) apply(root acker.RootID, x uint64) {
	if root == t.ackRoot {
		t.ackXOR ^= x
		return
	}
	t.settleAcks()
	t.ackRoot, t.ackXOR = root, x
}

func (t *boltTask) settleAcks() {
	if t.ackRoot == 0 {
		return
	}
	if l := t.w.ledger(t.ackRoot); l == nil {
		t.records(t.ackRoot).ack(t.ackRoot, t.ackXOR)
	} else if complete, ok := l.Apply(t.ackRoot, t.ackXOR, t.tick); complete {
		t.complete(t.ackRoot)
	} else if !ok {
		t.figures.late++
	}
	t.ackRoot = 0
}

// failed fails the trees of a tuple.
func (t *boltTask) failed(tuple *topology.Tuple, cause error) {
	d := tuple.Delivery()
	d.State = topology.Failed
	t.figures.failed++
	if d.Root != 0 {
		t.failRoot(acker.RootID(d.Root), cause)
		for _, l := range d.More() {
			t.failRoot(acker.RootID(l.Root), cause)
		}
	}
	if t.observer != nil {
		t.observer.Executed(t.id, tuple, cause)
	}
}
