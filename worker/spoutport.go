package worker

import (
	"context"
	"errors"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// spoutPort is the runtime's side of a spout's collector.
type spoutPort struct{ *spoutTask }

// Emit routes an emit; a tracked one opens a tree.
func (t spoutPort) Emit(e *topology.Emission) {
	if x := t.plain(e); x != nil && !t.settling && (!e.Tracked || !t.ledger.Full()) {
		t.emits++
		t.emitToOne(x, e)
		return
	}
	t.emitOther(e)
}

// emitOther is Emit of what needs more than a look.
func (t *spoutTask) emitOther(e *topology.Emission) {
	x, err := t.exit(e)
	if err == nil && t.settling {
		err = errEmitInAck
	}
	if err == nil && e.Tracked && t.ledger.Full() && !t.waitRoom() {
		t.drop(e.ID) // stopped at once
		return
	}
	if err == nil {
		err = t.choose(x, e)
	}
	if err != nil {
		t.refuse(e, err)
		return
	}
	t.emits++
	t.emitted(x, e)
	if e.Tracked {
		t.emitTracked(x, e)
		return
	}
	for i := range t.targets {
		t.add(t.targets[i].outlet, x.stream, e.Values, 0, 0)
	}
}

// drop tells the spout that a tree will not be: the worker was stopped at once.
func (t *spoutTask) drop(id any) {
	t.figures.failed++
	t.each(1, func(int) { t.treeFailed(id, errStopped) })
}

var errEmitInAck = errors.New("a spout must not emit in Ack, Fail or Receive; remember it, and emit it in Next")

// emitToOne emits on a plain exit.
func (t *spoutTask) emitToOne(x *exit, e *topology.Emission) {
	x.emitted++
	x.routes[0].passed++
	o := x.routes[0].one(e.Values)
	if !e.Tracked {
		t.add(o, x.stream, e.Values, 0, 0)
		return
	}
	root, edge := t.ledger.Open(e.ID, t.now, t.tick), t.random.edge()
	t.ledger.Arm(root, edge)
	t.add(o, x.stream, e.Values, root, edge)
}

// emitTracked opens a tree. All its edges are in the ledger before the first tuple can be seen.
func (t *spoutTask) emitTracked(x *exit, e *topology.Emission) {
	root := t.ledger.Open(e.ID, t.now, t.tick)
	var xor uint64
	for i := range t.targets {
		edge := t.random.edge()
		t.targets[i].edge = edge
		xor ^= edge
	}
	if t.ledger.Arm(root, xor) { // nobody subscribes: the tree is complete
		t.lane.put(&words{complete: []acker.RootID{root}})
		return
	}
	for i := range t.targets {
		t.add(t.targets[i].outlet, x.stream, e.Values, root, t.targets[i].edge)
	}
}

// refuse deals with an emit that can't be done: a tracked one fails at once.
func (t *spoutTask) refuse(e *topology.Emission, err error) {
	t.figures.refused++
	if t.settling {
		t.report(err)
		return
	}
	if t.refusal == nil {
		t.refusal = err
	}
	if e.Tracked {
		t.figures.failed++
		t.each(1, func(int) { t.treeFailed(e.ID, err) })
	}
}

// waitRoom waits until the ledger has room for a tree; it reports false when the worker is
// stopped at once.
func (t *spoutTask) waitRoom() bool {
	t.flush()
	t.publish()
	began := t.clock()
	t.figures.waits(0, since(began))
	busy := t.busy.Swap(0)
	for t.ledger.Full() {
		if !t.hear() && !t.w.driver.await(t) {
			t.resume(busy)
			return false
		}
		t.clock()
		t.sweep()
	}
	t.figures.blocked += t.clock() - began
	t.figures.waits(0, 0)
	t.resume(busy)
	t.leaveNext()
	return true
}

// recovered replaces the spout after a panic.
func (t *spoutTask) recovered(ctx context.Context, p any) {
	t.figures.errors++
	t.figures.restarted++
	t.report(newPanicError(t.name(), p))
	if t.emits != t.lastEmits {
		t.panics, t.lastEmits = 0, t.emits
	}
	t.flush()
	t.publish()
	if err := t.startAgain(ctx); err != nil {
		t.instance, t.hears = endedSpout{}, nil
	}
}

// endedSpout stands for a spout that could not be started again, until the topology has ended.
type endedSpout struct{}

// Next emits nothing.
func (endedSpout) Next(context.Context, *topology.SpoutCollector) error { return topology.ErrEnd }

// Report shows an error of the spout.
func (t spoutPort) Report(err error) { t.report(err) }

// A spout's collector never calls the rest of topology.Port.

func (spoutPort) Ack(*topology.Tuple)          {}
func (spoutPort) Fail(*topology.Tuple, error)  {}
func (spoutPort) ResetTimeout(*topology.Tuple) {}
