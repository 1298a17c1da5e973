package worker

import (
	"errors"
	"fmt"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// boltPort is the runtime's side of a bolt's collector.
type boltPort struct{ *boltTask }

// Emit routes an emit, with an edge for each copy in each tree of its anchors.
func (t boltPort) Emit(e *topology.Emission) {
	if x := t.plain(e); x != nil && e.Anchoring == topology.AnchorInput && t.current != nil {
		if d := t.current.Delivery(); d.State == topology.Unsettled && d.More() == nil {
			t.emitToOne(x, e, d)
			return
		}
	}
	t.emitOther(e)
}

// emitToOne emits on a plain exit, anchored to a tuple of one tree or none.
func (t *boltTask) emitToOne(x *exit, e *topology.Emission, anchor *topology.Delivery) {
	x.emitted++
	x.routes[0].passed++
	var edge uint64
	if anchor.Root != 0 {
		edge = t.random.edge()
		anchor.Born ^= edge
	}
	t.add(x.routes[0].one(e.Values), x.stream, e.Values, acker.RootID(anchor.Root), edge)
}

// emitOther is Emit of what needs more than a look.
func (t *boltTask) emitOther(e *topology.Emission) {
	x, err := t.exit(e)
	if err == nil {
		err = t.checkAnchors(e)
	}
	if err == nil {
		err = t.choose(x, e)
	}
	if err != nil {
		t.refuse(e, err)
		return
	}
	t.emitted(x, e)
	switch {
	case e.Anchoring == topology.AnchorInput && t.current != nil:
		t.emitAnchored(x, e, t.current)
	case e.Anchoring == topology.AnchorExplicit && len(e.Anchors) == 1:
		t.emitAnchored(x, e, e.Anchors[0])
	case e.Anchoring == topology.AnchorExplicit && len(e.Anchors) > 1:
		t.emitMany(x, e)
	default:
		for i := range t.targets {
			t.add(t.targets[i].outlet, x.stream, e.Values, 0, 0)
		}
	}
}

// emitAnchored emits with one anchor.
func (t *boltTask) emitAnchored(x *exit, e *topology.Emission, anchor *topology.Tuple) {
	d := anchor.Delivery()
	if d.More() != nil {
		e.Anchors = append(e.Anchors[:0], anchor)
		t.emitMany(x, e)
		return
	}
	root := acker.RootID(d.Root)
	for i := range t.targets {
		var edge uint64
		if root != 0 {
			edge = t.random.edge()
			d.Born ^= edge
		}
		t.add(t.targets[i].outlet, x.stream, e.Values, root, edge)
	}
}

// emitMany emits into all trees of several anchors. In each tree the copy's edge is the XOR of
// what its anchors were charged with, so that two anchors of one tree agree with it.
func (t *boltTask) emitMany(x *exit, e *topology.Emission) {
	for i := range t.targets {
		var links []topology.Link
		for _, a := range e.Anchors {
			links = t.charge(a, links)
		}
		child := t.add(t.targets[i].outlet, x.stream, e.Values, 0, 0).Delivery()
		if len(links) == 0 {
			continue
		}
		child.Root, child.Edge = links[0].Root, links[0].Edge
		if len(links) > 1 {
			child.SetMore(links[1:])
		}
	}
}

// charge charges each tree of the anchor with a new edge, and joins it to links.
func (t *boltTask) charge(anchor *topology.Tuple, links []topology.Link) []topology.Link {
	d := anchor.Delivery()
	if d.Root == 0 {
		return links
	}
	links = t.join(links, d.Root, &d.Born)
	more := d.More()
	for i := range more {
		links = t.join(links, more[i].Root, &more[i].Born)
	}
	return links
}

func (t *boltTask) join(links []topology.Link, root uint64, born *uint64) []topology.Link {
	edge := t.random.edge()
	*born ^= edge
	for i := range links {
		if links[i].Root == root {
			links[i].Edge ^= edge
			return links
		}
	}
	return append(links, topology.Link{Root: root, Edge: edge})
}

// checkAnchors refuses an emit that is anchored to what was acked or failed: the ledger
// would never hear of its edge from the anchor, and the tree would not complete.
func (t *boltTask) checkAnchors(e *topology.Emission) error {
	switch e.Anchoring {
	case topology.AnchorInput:
		if t.current != nil {
			return checkAnchor(t.comp.ID, t.current)
		}
	case topology.AnchorExplicit:
		for _, a := range e.Anchors {
			if !t.comp.ManualAck && a != t.current {
				return errHeld
			}
			if err := checkAnchor(t.comp.ID, a); err != nil {
				return err
			}
		}
	}
	return nil
}

var errHeld = errors.New("a tuple was used that the bolt is not handling: with automatic acking it was settled when its Execute returned; declare the bolt with ManualAck to hold tuples")

func checkAnchor(component string, t *topology.Tuple) error {
	if s := t.Delivery().State; s != topology.Unsettled {
		return &SettledError{component, "emit anchored to", t.Component(), t.Stream(), s}
	}
	return nil
}

// SettledError says that a bolt did something with a tuple that it had acked or failed before.
// It is a mistake in the bolt; the ledger is not touched by it.
type SettledError struct {
	Component    string // of the bolt
	Did          string // what it did: "ack of", "fail of", "emit anchored to"
	From, Stream string // where the tuple came from
	State        topology.TupleState
}

// Error names the bolt, the tuple's stream, and what had become of it.
func (e *SettledError) Error() string {
	return fmt.Sprintf("%s: %s a tuple of stream %q of %q that was %s already", e.Component, e.Did, e.Stream, e.From, e.State)
}

// refuse deals with an emit that can't be done: what it is anchored to must not be acked.
// With automatic acking the call that made it fails; with manual acking its anchors do.
func (t *boltTask) refuse(e *topology.Emission, err error) {
	t.figures.refused++
	anchors := e.Anchors
	if e.Anchoring == topology.AnchorInput && t.current != nil {
		anchors = []*topology.Tuple{t.current}
	}
	if !t.comp.ManualAck || len(anchors) == 0 {
		if t.emitErr == nil {
			t.emitErr = err
		}
		return
	}
	t.report(err)
	for _, a := range anchors {
		if a.Delivery().State == topology.Unsettled {
			t.settle(a, topology.Failed, err)
		}
	}
}

// Ack acks a tuple of a bolt with manual acking.
func (t boltPort) Ack(tuple *topology.Tuple) {
	if t.maySettle(tuple, "ack of") {
		t.settle(tuple, topology.Acked, nil)
	}
}

// Fail fails a tuple of a bolt with manual acking.
func (t boltPort) Fail(tuple *topology.Tuple, cause error) {
	if t.maySettle(tuple, "fail of") {
		if cause == nil {
			cause = fmt.Errorf("%s failed the tuple", t.name())
		}
		if topology.IsFatal(cause) {
			t.w.fail(fmt.Errorf("%s: %w", t.name(), cause))
		}
		t.report(cause)
		t.settle(tuple, topology.Failed, cause)
	}
}

func (t *boltTask) maySettle(tuple *topology.Tuple, did string) bool {
	switch {
	case tuple.IsTick():
		return false // ticks are of no tree: acking them is harmless, and Storm's bolts do it
	case !t.comp.ManualAck:
		t.misused(fmt.Errorf("%s: %s a tuple, but the bolt is not declared with ManualAck: what Execute returns settles it", t.comp.ID, did))
	case tuple.Delivery().State != topology.Unsettled:
		t.misused(&SettledError{t.comp.ID, did, tuple.Component(), tuple.Stream(), tuple.Delivery().State})
	default:
		return true
	}
	return false
}

// settle acks or fails a tuple of a bolt with manual acking.
func (t *boltTask) settle(tuple *topology.Tuple, to topology.TupleState, cause error) {
	slab := tuple.Delivery().Slab
	if to == topology.Acked {
		t.acked(tuple)
	} else {
		t.failed(tuple, cause)
	}
	t.figures.process.record(t.now-slab.Filled, 1)
	if slab.Live--; slab.Live == 0 {
		delete(t.held, slab)
	}
}

// ResetTimeout gives the tuple's trees the full timeout again.
func (t boltPort) ResetTimeout(tuple *topology.Tuple) {
	d := tuple.Delivery()
	switch {
	case tuple.IsTick():
		return // it is of no tree
	case !t.comp.ManualAck && tuple != t.current:
		t.misused(errHeld)
		return
	case d.State != topology.Unsettled:
		t.misused(&SettledError{t.comp.ID, "reset of the timeout of", tuple.Component(), tuple.Stream(), d.State})
		return
	case d.Root == 0:
		return
	}
	t.touch(acker.RootID(d.Root))
	for _, l := range d.More() {
		t.touch(acker.RootID(l.Root))
	}
}

func (t *boltTask) touch(root acker.RootID) {
	if l := t.w.ledger(root); l != nil {
		l.Touch(root, t.tick)
		return
	}
	t.records(root).touch(root)
}

func (t *boltTask) misused(err error) {
	t.figures.misused++
	t.report(err)
}

// Report shows an error of the bolt.
func (t boltPort) Report(err error) { t.report(err) }
