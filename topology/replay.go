package topology

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// replayer keeps what its inner spout emits until the trees are complete, and
// emits it again when they fail.
type replayer struct {
	inner  Spout
	policy Retry
	tc     *Context
	out    *SpoutCollector // to the runtime
	own    *SpoutCollector // what inner emits to: its port is the replayer
	due    dueHeap         // failed, waiting for their next attempt
	dead   []*keptTuple    // given up, not yet emitted as dead letters
	ended  bool
}

// keptTuple is the message id of what the replayer emits.
type keptTuple struct {
	stream   int
	name     string
	values   []Value
	direct   TaskID
	tracked  bool // whether inner wants to hear of id
	id       any
	attempts int
	due      time.Time
	cause    error
}

func replaying(factory func() Spout, policy Retry) func() Spout {
	return func() Spout {
		r := &replayer{inner: factory(), policy: policy}
		if inner, ok := r.inner.(SpoutReceiver); ok {
			return receivingReplayer{r, inner}
		}
		return r
	}
}

// receivingReplayer is the replayer of a spout that receives mail.
type receivingReplayer struct {
	*replayer
	SpoutReceiver
}

// replays returns the spout whose tuples are kept.
func (r *replayer) replays() Spout { return r.inner }

// Open implements Opener.
func (r *replayer) Open(ctx context.Context, tc *Context) error {
	r.tc = tc
	if o, ok := r.inner.(Opener); ok {
		return o.Open(ctx, tc)
	}
	return nil
}

// Next implements Spout: replays go before what is new.
func (r *replayer) Next(ctx context.Context, out *SpoutCollector) error {
	r.bind(out)
	r.emitDead()
	r.emitDue()
	if r.ended || len(r.due) >= r.policy.Held {
		return r.end()
	}
	err := r.inner.Next(ctx, r.own)
	if err == ErrEnd {
		r.ended = true
		return r.end()
	}
	return err
}

// end is ErrEnd once nothing waits for another attempt.
func (r *replayer) end() error {
	if r.ended && len(r.due) == 0 && len(r.dead) == 0 {
		return ErrEnd
	}
	return nil
}

func (r *replayer) bind(out *SpoutCollector) {
	if r.out == out {
		return
	}
	r.out = out
	r.own = &SpoutCollector{out: outlet{port: replayPort{r}, streams: out.out.streams, main: out.out.main, e: Emission{Name: DefaultStream}}}
}

func (r *replayer) emitDue() {
	now := r.tc.Now()
	for len(r.due) > 0 && !r.due[0].due.After(now) {
		r.emit(heap.Pop(&r.due).(*keptTuple))
	}
}

func (r *replayer) emit(k *keptTuple) {
	o := &r.out.out
	if !o.begin() {
		return
	}
	k.attempts++
	o.e.Values = append(o.e.Values[:0], k.values...)
	o.e.Stream, o.e.Name, o.e.Direct, o.e.Tracked, o.e.ID = k.stream, k.name, k.direct, true, k
	o.port.Emit(&o.e)
	o.e.Tracked, o.e.ID = false, nil
	o.reset()
}

func (r *replayer) emitDead() {
	for len(r.dead) > 0 {
		k := r.dead[0]
		r.dead = r.dead[1:]
		values := make([]any, len(k.values))
		for i, v := range k.values {
			values[i] = v.Any()
		}
		source := From(r.tc.Component, r.own.out.streams[k.stream].Name)
		r.out.Stream(DeadLetterStream).Emit(k.cause.Error(), k.attempts, source, ListValue(values))
		r.settle(k)
	}
}

func (r *replayer) settle(k *keptTuple) {
	if a, ok := r.inner.(Acknowledger); ok && k.tracked {
		a.Ack(k.id)
	}
}

// Ack implements Acknowledger for the runtime.
func (r *replayer) Ack(id any) { r.settle(id.(*keptTuple)) }

// Fail implements Acknowledger: the tuple waits for its next attempt, or is given up.
func (r *replayer) Fail(id any, cause error) {
	k := id.(*keptTuple)
	k.cause = cmp.Or(cause, errNoCause)
	if k.attempts >= r.policy.Attempts {
		r.dead = append(r.dead, k)
		return
	}
	k.due = r.tc.Now().Add(r.policy.Delay(k.attempts, rand.Float64()))
	heap.Push(&r.due, k)
}

var errNoCause = errors.New("no cause was given")

// Activate, Deactivate and Close pass the call on.

func (r *replayer) Activate() {
	if a, ok := r.inner.(Activator); ok {
		a.Activate()
	}
}

func (r *replayer) Deactivate() {
	if d, ok := r.inner.(Deactivator); ok {
		d.Deactivate()
	}
}

func (r *replayer) Close() error {
	if c, ok := r.inner.(Closer); ok {
		return c.Close()
	}
	return nil
}

// replayPort is what the inner spout's collector emits to.
type replayPort struct{ *replayer }

// Emit keeps the tuple and sends it on.
func (r replayPort) Emit(e *Emission) {
	if e.Err != nil || e.Stream < 0 {
		r.refuse(e)
		return
	}
	k := &keptTuple{stream: e.Stream, name: e.Name, direct: e.Direct, tracked: e.Tracked, id: e.ID}
	k.values = append(k.values, e.Values...)
	r.emit(k)
}

// refuse has the runtime say what is wrong with an emit, untracked: to try it again would
// not help, and the inner spout is told as it is of whatever is given up.
func (r replayPort) refuse(e *Emission) {
	k := &keptTuple{tracked: e.Tracked, id: e.ID}
	e.Tracked, e.ID = false, nil
	r.out.out.port.Emit(e)
	r.settle(k)
}

// Report passes the error on.
func (r replayPort) Report(err error) { r.out.out.port.Report(err) }

// A spout's collector never calls the rest of Port.

func (r replayPort) Ack(*Tuple)          {}
func (r replayPort) Fail(*Tuple, error)  {}
func (r replayPort) ResetTimeout(*Tuple) {}

// dueHeap is ordered by due time.
type dueHeap []*keptTuple

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(*keptTuple)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return k
}
