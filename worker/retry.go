package worker

import (
	"container/heap"
	"context"
	"fmt"

	"github.com/galestream/gale/topology"
)

// retrier holds the tuples of a task that wait for their next attempt.
type retrier struct {
	t      *boltTask
	policy topology.Retry
	due    dueHeap
}

// dueTuple is a tuple and when it is tried again.
type dueTuple struct {
	tuple *topology.Tuple
	at    int64
}

// full reports whether the task must take no more.
func (r *retrier) full() bool { return r != nil && len(r.due) >= r.policy.Held }

// failed has the tuple tried again, or gives it up.
func (r *retrier) failed(tuple *topology.Tuple, cause error) {
	d := tuple.Delivery()
	if d.Tries == 0 {
		tuple = tuple.Clone() // its slab goes back to the emitters
		d = tuple.Delivery()
	}
	d.Tries++
	if int(d.Tries) >= r.policy.Attempts {
		r.giveUp(tuple, cause)
		return
	}
	r.t.figures.retried++
	pause := r.policy.Delay(int(d.Tries), r.t.random.float())
	heap.Push(&r.due, dueTuple{tuple, r.t.now + int64(pause)})
}

// giveUp makes the tuple a dead letter, and acks it: the letter is anchored to it, so the tree
// completes when the letter was handled.
func (r *retrier) giveUp(tuple *topology.Tuple, cause error) {
	t := r.t
	t.figures.dead++
	if len(t.exits[t.deadLetters].routes) == 0 {
		t.report(fmt.Errorf("gave up a tuple of %s:%s after %d attempts, and nothing subscribes to the dead letters: %w", tuple.Component(), tuple.Stream(), r.policy.Attempts, cause))
	}
	if err := r.emitLetter(tuple, cause); err != nil {
		t.report(err)
		t.failed(tuple, cause)
		return
	}
	t.acked(tuple)
}

// emitLetter emits the dead letter. A custom grouping of its subscriber may panic: the bolt's instance has no
// part in that.
func (r *retrier) emitLetter(tuple *topology.Tuple, cause error) (err error) {
	t := r.t
	defer func() {
		if p := recover(); p != nil {
			t.resetCollector()
			err = newPanicError(t.name(), p)
		}
	}()
	values := make([]any, tuple.Len())
	for i := range values {
		values[i] = tuple.At(i).Any()
	}
	attempts := int(tuple.Delivery().Tries)
	t.current = tuple
	t.out.Stream(topology.DeadLetterStream).Anchored(tuple).Emit(cause.Error(), attempts, topology.From(tuple.Component(), tuple.Stream()), topology.ListValue(values))
	err, t.emitErr = t.emitErr, nil
	return err
}

// run tries what is due.
func (r *retrier) run(ctx context.Context) {
	for len(r.due) > 0 && r.due[0].at <= r.t.now {
		tuple := heap.Pop(&r.due).(dueTuple).tuple
		r.t.executeAlone(ctx, tuple)
	}
}

// next returns when something is due, 0 when nothing waits.
func (r *retrier) next() int64 {
	if r == nil || len(r.due) == 0 {
		return 0
	}
	return r.due[0].at
}

// dueHeap is ordered by time.
type dueHeap []dueTuple

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(dueTuple)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = dueTuple{}
	*h = (*h)[:last]
	return d
}
