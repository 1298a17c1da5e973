package trident

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/galestream/gale/topology"
)

// lane is one group's batches at one task: one after the other, in the order of txids.
type lane struct {
	t       *stageTask
	group   *group
	nodes   []*node // the heads
	attempt uint64
	next    uint64             // the txid that is being worked on, or comes next
	waiting map[uint64][]*held // what came for batches, by txid; that of next too while it can't be taken
	broken  error              // the attempt has failed here: what comes of it is dropped
	begun   bool               // the batch next has begun
	pipe    *pipeline
	work    []*working // by the position of the node among nodes
	ends    []*topology.Tuple
	later   []*held // for operators that read a state whose writer has not ended the batch
}

// held is a packet and the tuple that it came as.
type held struct {
	p *packet
	t *topology.Tuple
}

// working is a head at work on a batch.
type working struct {
	n      *node
	head   head
	open   int // inputs that have not ended
	inputs []input
	over   bool
	ended  bool // the inputs that have ended the batch have nothing in later ones
}

// input is one edge into a head.
type input struct {
	left    int // tasks that have not ended it
	senders map[topology.TaskID]*sender
}

// sender is what came from one task.
type sender struct {
	chunks uint32
	ended  bool
}

// from returns what came from a task.
func (in *input) from(task topology.TaskID) *sender {
	if in.senders[task] == nil {
		in.senders[task] = &sender{}
	}
	return in.senders[task]
}

// take takes in a packet, and does what can be done then.
func (l *lane) take(ctx context.Context, h *held) {
	p := h.p
	switch {
	case p.attempt > l.attempt:
		l.restart(ctx, p)
	case p.attempt < l.attempt && l.group.query != "":
		l.t.failTuple(h.t, errFormer)
		return
	case p.attempt < l.attempt:
		l.t.ack(h.t)
		return
	}
	if l.group.query != "" && p.from > l.next {
		l.abandon(p.from)
	}
	switch {
	case l.broken != nil:
		l.t.failTuple(h.t, l.broken)
		return
	case p.txid < l.next:
		l.t.ack(h.t)
		return
	}
	l.waiting[p.txid] = append(l.waiting[p.txid], h)
	l.advance(ctx)
}

// errFormer is for callers who have asked a spout that is out of date, or whose clock is: its attempts bear its time.
var errFormer = errors.New("the query has a spout that has begun later, by its clock; ask again")

// restart begins an attempt: what is left of the one before is void.
func (l *lane) restart(ctx context.Context, p *packet) {
	l.drop(nil)
	l.closePipe()
	l.attempt, l.next, l.broken = p.attempt, p.from, nil
	if l.group.query == "" {
		l.broken = l.t.settle(ctx, p)
	}
	if l.broken != nil {
		l.t.report(fmt.Errorf("attempt %d can't begin: %w", p.attempt, l.broken))
	}
}

// abandon passes over the requests below from, whose callers have gone.
func (l *lane) abandon(from uint64) {
	l.ackAll(l.ends)
	l.closePipe()
	l.ends, l.begun, l.next = nil, false, from
	for txid, waiting := range l.waiting {
		if txid < from {
			l.ackHeld(waiting)
			delete(l.waiting, txid)
		}
	}
}

// drop gives up all that is held. When the attempt has failed here its trees must fail, too, for one that is complete says that all is staged; when
// there is a newer attempt nobody waits for them, and cause is nil.
func (l *lane) drop(cause error) {
	settle := l.t.ack
	if cause != nil {
		settle = func(t *topology.Tuple) { l.t.failTuple(t, cause) }
	}
	for _, t := range l.ends {
		settle(t)
	}
	for _, h := range l.later {
		settle(h.t)
	}
	for txid, waiting := range l.waiting {
		for _, h := range waiting {
			settle(h.t)
		}
		delete(l.waiting, txid)
	}
	l.ends, l.later, l.begun = nil, nil, false
}

func (l *lane) ackAll(tuples []*topology.Tuple) {
	for _, t := range tuples {
		l.t.ack(t)
	}
}

func (l *lane) ackHeld(hs []*held) {
	for _, h := range hs {
		l.t.ack(h.t)
	}
}

// advance works on the next batch as far as its packets are there, and then on the one after it.
func (l *lane) advance(ctx context.Context) {
	for l.broken == nil {
		hs := l.waiting[l.next]
		if len(hs) == 0 {
			return
		}
		delete(l.waiting, l.next)
		txid := l.next
		for i, h := range hs {
			if l.next != txid { // the batch is over: what is left has come twice
				l.ackHeld(hs[i:])
				break
			}
			if err := l.process(ctx, h); err != nil {
				l.waiting[txid] = hs[i+1:]
				l.fail(h, err)
				break
			}
		}
		if l.next == txid {
			return // it waits for more, or has failed
		}
	}
}

// fail gives up a batch. The tree of the packet fails with it, and with that the attempt: what comes of it is failed, too, since
// a tree that is complete means that all is staged. A request of a query fails alone.
func (l *lane) fail(h *held, err error) {
	l.t.failTuple(h.t, err)
	if l.group.query != "" {
		l.abandon(l.next + 1)
		return
	}
	l.broken = err
	l.drop(err)
	l.closePipe()
}

func (l *lane) closePipe() {
	if l.pipe != nil {
		l.pipe.close()
		l.pipe = nil
	}
}

func (l *lane) process(ctx context.Context, h *held) error {
	if !l.begun {
		if err := l.begin(h.p); err != nil {
			return err
		}
	}
	l.pipe.from, l.pipe.ctx = h.t, ctx
	if h.p.kind != packetBegin && h.p.kind != packetPass && l.mustWait(h.p) {
		l.later = append(l.later, h)
		return nil
	}
	switch h.p.kind {
	case packetBegin, packetPass:
		return l.source(h)
	case packetChunk:
		return l.chunk(h)
	case packetEnd:
		return l.end(ctx, h)
	}
	return errPacket
}

// mustWait reports whether a packet is for an operator that reads a state which another one of this lane has still to write for the
// batch: records see the state as it is after their batch.
func (l *lane) mustWait(p *packet) bool {
	for _, w := range l.work {
		if w.n.state == nil || w.n.state.node == w.n || !w.has(p.edge) {
			continue
		}
		for _, writer := range l.work {
			if writer.n == w.n.state.node {
				return !writer.over
			}
		}
	}
	return false
}

func (w *working) has(id uint16) bool {
	return slices.ContainsFunc(w.n.in, func(e *edge) bool { return e.id == int(id) })
}

// resume takes up what has waited for a writer.
func (l *lane) resume(ctx context.Context) error {
	later := l.later
	l.later = nil
	for i, h := range later {
		if err := l.process(ctx, h); err != nil {
			l.later = append(l.later, later[i:]...)
			return err
		}
	}
	return nil
}

func (l *lane) begin(p *packet) error {
	if l.pipe == nil {
		l.build()
	}
	l.pipe.batch = &batch{packet: *p}
	l.begun = true
	for _, w := range l.work {
		w.over, w.open, w.ended = false, len(w.n.in), true
		w.inputs = w.inputs[:0]
		for _, e := range w.n.in {
			w.inputs = append(w.inputs, input{left: len(l.t.tc.Tasks(e.from.place.id)), senders: map[topology.TaskID]*sender{}})
		}
	}
	if l.group.query != "" {
		return nil
	}
	return l.t.beginBatch(p)
}

func (l *lane) build() {
	l.pipe = &pipeline{task: l.t, tc: l.t.tc, out: l.t.out}
	l.work = nil
	for _, n := range l.nodes {
		l.work = append(l.work, &working{n: n, head: n.head(l.pipe)})
	}
}

// source has a head without inputs do its work: to read, or to take a question in.
func (l *lane) source(h *held) error {
	for _, w := range l.work {
		if len(w.n.in) > 0 {
			continue
		}
		if err := w.head.inputs[0](h.p); err != nil {
			return err
		}
		if err := w.head.finish(); err != nil {
			return err
		}
		w.over = true
	}
	l.ends = append(l.ends, h.t)
	return l.maybeComplete()
}

// find returns the head and the input that a packet is for.
func (l *lane) find(p *packet) (*working, *input, func(any) error, error) {
	for _, w := range l.work {
		for i, e := range w.n.in {
			if e.id == int(p.edge) {
				return w, &w.inputs[i], w.head.inputs[i], nil
			}
		}
	}
	return nil, nil, nil, fmt.Errorf("a packet is for edge %d, which doesn't lead here: workers run different programs", p.edge)
}

func (l *lane) chunk(h *held) error {
	_, in, take, err := l.find(h.p)
	if err != nil {
		return err
	}
	from := in.from(h.t.Task())
	if from.chunks++; from.ended {
		return fmt.Errorf("a chunk from task %d came after its end", h.t.Task())
	}
	if err := take(h.p.data); err != nil {
		return err
	}
	l.t.ack(h.t)
	return nil
}

func (l *lane) end(ctx context.Context, h *held) error {
	w, in, _, err := l.find(h.p)
	if err != nil {
		return err
	}
	from := in.from(h.t.Task())
	if from.chunks != h.p.chunks || from.ended {
		return fmt.Errorf("of %d chunks from task %d, %d have come (its end was here: %t)", h.p.chunks, h.t.Task(), from.chunks, from.ended)
	}
	from.ended = true
	l.ends = append(l.ends, h.t)
	w.ended = w.ended && h.p.ended
	if in.left--; in.left == 0 {
		w.open--
	}
	if w.open == 0 && !w.over {
		w.over, l.pipe.ended = true, w.ended
		if err := w.head.finish(); err != nil {
			return err
		}
		if err := l.resume(ctx); err != nil {
			return err
		}
	}
	return l.maybeComplete()
}

// maybeComplete ends the batch when all heads have.
func (l *lane) maybeComplete() error {
	for _, w := range l.work {
		if !w.over {
			return nil
		}
	}
	ends := l.ends
	l.ends, l.begun = nil, false
	l.next++
	if l.group.query != "" {
		l.ackAll(ends)
		return nil
	}
	err := l.t.stage(l.pipe.batch, ends)
	if err != nil {
		l.ends = ends // which are settled with the batch that fails
	}
	return err
}
