package worker

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
	"go.uber.org/zap"
)

// task is what spout tasks and bolt tasks have alike: where its tuples go, its figures, its
// dealings with the runtime. All of it but the atomics belongs to the task's goroutine.
type task struct {
	w     *Worker
	id    topology.TaskID
	index int
	comp  *topology.Component
	tc    *topology.Context
	log   *zap.Logger

	spout *spoutTask // the task as what it is: one of the two is nil
	bolt  *boltTask

	deadLetters int // the exit of dead letters, where there is a retry policy

	exits    []exit
	outlets  []*outlet
	targets  []target // of the emit under way
	random   random
	codec    *hop     // nil unless every hop is serialised
	observer Observer // nil but in tests

	now   int64   // nanoseconds, read once a chunk
	tick  uint32  // the same in ledger ticks
	words []words // by ledger: what the spouts are to be told at the end of the chunk
	dirty []int   // which of words are not empty
	far   far     // nil pointers but where the topology has other workers

	mail          letterbox
	questions     questions
	figures       figures
	timer         *time.Timer  // see alarm
	ctl           chan func()  // what other goroutines want done on this one
	idle          atomic.Bool  // asleep with nothing to do
	busy          atomic.Int64 // since when it has been in one chunk; 0: it is not
	done          bool         // told to end
	active        bool         // its topology runs, and the instance was told so
	panics        int          // restarts since something went well
	stuckReported atomic.Int64 // the busy time of the call that was reported last
}

func (t *task) init(w *Worker, id topology.TaskID, index int, c *topology.Component) {
	t.w, t.id, t.index, t.comp = w, id, index, c
	t.random = newRandom(w.opt.Seed, uint64(id))
	t.log = w.opt.Log.With(zap.String("topology", w.topology.Name), zap.String("component", c.ID), zap.Uint32("task", uint32(id)))
	t.ctl = make(chan func())
	t.mail.bell = make(chan struct{}, 1)
	t.figures.init(c)
	t.observer = w.opt.Observer
	if w.opt.SerializeEveryHop {
		t.codec = newHop()
	}
	t.tc = topology.NewContext(topology.Context{
		Topology: w.topology.Name, Component: c.ID, Task: id, Index: index,
		Parallelism: c.Parallelism, Worker: w.opt.Name, Log: t.log,
	}, w.settings[c.ID], services{t})
}

// name is how errors call the task.
func (t *task) name() string { return fmt.Sprintf("%s[%d]", t.comp.ID, t.index) }

// clock reads the time.
func (t *task) clock() int64 {
	t.now = t.w.driver.now()
	t.tick = t.w.tickAt(t.now)
	return t.now
}

// plain returns the exit of an emit that is in order and goes to one task of one component, as most
// do; nil where that takes more than a look.
func (t *task) plain(e *topology.Emission) *exit {
	if uint(e.Stream) >= uint(len(t.exits)) {
		return nil
	}
	if x := &t.exits[e.Stream]; x.plain == len(e.Values) && e.Err == nil && e.Direct == 0 {
		return x
	}
	return nil
}

// exit returns the exit of an emit that is in order.
func (t *task) exit(e *topology.Emission) (*exit, error) {
	if e.Stream < 0 {
		return nil, &EmitError{t.comp.ID, e.Name, "there is no such stream; it has " + t.streamNames() + " (Emits and EmitsOn declare them)"}
	}
	x := &t.exits[e.Stream]
	if e.Err != nil {
		return nil, &EmitError{t.comp.ID, x.stream.Name, e.Err.Error()}
	}
	if len(e.Values) != len(x.stream.Fields) {
		return nil, &EmitError{t.comp.ID, x.stream.Name, fmt.Sprintf("%d values for the %d fields [%s]", len(e.Values), len(x.stream.Fields), strings.Join(x.stream.Fields, " "))}
	}
	if x.stream.Direct != (e.Direct != 0) {
		return nil, &EmitError{t.comp.ID, x.stream.Name, fmt.Sprintf("the stream's declaration says direct: %v, the emit doesn't agree", x.stream.Direct)}
	}
	if t.codec != nil {
		if err := t.codec.pass(e.Values); err != nil {
			return nil, &EmitError{t.comp.ID, x.stream.Name, err.Error()}
		}
	}
	return x, nil
}

// EmitError says why an emit of a component could not be done.
type EmitError struct {
	Component, Stream string
	Reason            string
}

// Error names the component and the stream.
func (e *EmitError) Error() string {
	return fmt.Sprintf("emit on stream %q of %q: %s", e.Stream, e.Component, e.Reason)
}

func (t *task) streamNames() string {
	var names []string
	for i := range t.exits {
		names = append(names, t.exits[i].stream.Name)
	}
	return "[" + strings.Join(names, " ") + "]"
}

// choose sets t.targets to where a tuple goes, without edges.
func (t *task) choose(x *exit, e *topology.Emission) error {
	ts := t.targets[:0]
	var err error
	for i := range x.routes {
		r := &x.routes[i]
		before := len(ts)
		if ts, err = r.appendTargets(ts, e.Values, e.Direct); err != nil {
			x.unpass(i)
			return &EmitError{t.comp.ID, x.stream.Name, err.Error()}
		}
		r.passed += int64(len(ts) - before)
	}
	t.targets = ts
	if e.Direct != 0 && len(ts) == 0 {
		return &EmitError{t.comp.ID, x.stream.Name, fmt.Sprintf("task %d doesn't subscribe to it", e.Direct)}
	}
	return nil
}

// emitted counts an emit that was routed to t.targets.
func (t *task) emitted(x *exit, e *topology.Emission) {
	x.emitted++
	if t.observer != nil {
		t.observer.Emitted(t.id, x.stream, e.Values)
	}
}

// add puts a tuple in the outlet's slab, and sends it when it is full.
func (t *task) add(o *outlet, s *topology.Stream, values []topology.Value, root acker.RootID, edge uint64) *topology.Tuple {
	slab := o.slab
	if slab == nil {
		slab = t.open(o)
	} else if slab.Full() {
		t.send(o)
		slab = t.open(o)
	}
	return slab.Add(s, values, uint64(root), edge)
}

func (t *task) open(o *outlet) *topology.Slab {
	if o.keeps() {
		o.slab = topology.NewSlab(o.size)
	} else {
		o.slab = t.w.slabs.get(o.size)
	}
	o.slab.From, o.slab.Filled = t.id, t.now
	return o.slab
}

// send hands the outlet's slab over. It blocks while the inbox is full.
func (t *task) send(o *outlet) {
	slab := o.slab
	o.slab = nil
	n := slab.Len()
	if slab.Full() {
		o.size = min(2*o.size, t.w.opt.BatchSize)
	} else if n < o.size/4 {
		o.size = max(o.size/2, min(minSlab, t.w.opt.BatchSize))
	}
	slab.Filled = t.now
	if o.place != nil {
		t.ship(o.place, slab)
		return
	}
	o.to.tuples.Add(int64(n))
	o.to.sent.Add(1)
	t.w.driver.deliver(t, o.to, slab)
}

// flush sends all that waits in the outlets.
func (t *task) flush() {
	for _, o := range t.outlets {
		if o.slab != nil {
			t.send(o)
		}
	}
}

// maxWait is how long a tuple waits, at most and about, for others to fill its slab while its receiver
// is busy.
const maxWait = int64(time.Millisecond)

// feed sends what waits for tasks that have run dry; what waits for busy tasks stays for a while, so that
// their slabs fill.
func (t *task) feed() {
	for _, o := range t.outlets {
		if o.slab != nil && (o.starving() || t.now-o.slab.Filled > maxWait) {
			t.send(o)
		}
	}
}

// tell notes a word for the spout that owns the root; flushWords sends it.
func (t *task) tell(root acker.RootID) *words {
	i := t.w.ledgerOf[root.Task()]
	w := &t.words[i]
	if len(w.complete)+len(w.failed) == 0 {
		t.dirty = append(t.dirty, i)
	}
	return w
}

func (t *task) complete(root acker.RootID) {
	w := t.tell(root)
	w.complete = append(w.complete, root)
}

func (t *task) failRoot(root acker.RootID, cause error) {
	l := t.w.ledger(root)
	if l == nil {
		t.records(root).fail(root, cause)
		return
	}
	if l.Fail(root) {
		w := t.tell(root)
		w.failed = append(w.failed, failure{root, cause})
	}
}

func (t *task) flushWords() {
	t.flushRecords()
	for _, i := range t.dirty {
		w := &t.words[i]
		t.w.spouts[i].lane.put(w)
		clear(w.failed)
		w.complete, w.failed = w.complete[:0], w.failed[:0]
	}
	t.dirty = t.dirty[:0]
}

// report shows an error to those who run the topology.
func (t *task) report(err error) { t.w.errors.add(t, err) }

// tickAt returns the ledger's coarse time.
func (w *Worker) tickAt(now int64) uint32 { return uint32(now / int64(w.tickLen)) }

// ticksPerTimeout is how finely the timeouts of trees are seen: a tree fails between 1 and
// 1+2/32 timeouts after its time began.
const ticksPerTimeout = 32

func tickLength(timeout time.Duration) time.Duration {
	return max(timeout/ticksPerTimeout, time.Millisecond)
}
