package topology

// Collector is where a bolt emits, acks and fails. It belongs to one task and
// must be used on that task's goroutine only, while one of the bolt's methods runs.
//
// An emit that can't be done (a wrong number of values, a value that can't
// travel, a stream that was not declared) fails the tuples it is anchored to, with an
// error that names what is wrong.
type Collector struct{ out outlet }

// NewCollector returns a collector that emits to the streams through the port. It is
// for runtimes.
func NewCollector(port Port, streams []*Stream) *Collector {
	return &Collector{out: newOutlet(port, streams)}
}

// Emit sends a tuple of the values on the default stream, anchored to the tuple
// that the bolt is handling. The values must be of the set that [Of] names, others
// are wrapped with Of. Emit blocks while its receivers have no room.
func (c *Collector) Emit(values ...any) { c.out.emit(values) }

// Stream selects another stream than the default.
func (c *Collector) Stream(name string) Emitter {
	return Emitter{out: &c.out, stream: c.out.find(name), name: name}
}

// Anchored selects the tuples that an emit is anchored to: it fails and is replayed with
// each of their trees. They must not be acked or failed yet.
func (c *Collector) Anchored(to ...*Tuple) Emitter {
	return Emitter{out: &c.out, stream: c.out.main, name: DefaultStream}.Anchored(to...)
}

// Unanchored makes an emit belong to no tree: it is not replayed when it is lost.
func (c *Collector) Unanchored() Emitter {
	return Emitter{out: &c.out, stream: c.out.main, name: DefaultStream}.Unanchored()
}

// Ack says that t was handled. It is for bolts with manual acking, once a tuple: a
// second Ack or Fail of a tuple is reported as the bolt's error and changes nothing.
func (c *Collector) Ack(t *Tuple) { c.out.port.Ack(t) }

// Fail says that t could not be handled, and why: its trees fail at once and their
// spouts are told. It is for bolts with manual acking, as Ack is. A cause that is [Fatal] ends the topology.
func (c *Collector) Fail(t *Tuple, cause error) { c.out.port.Fail(t, cause) }

// ResetTimeout gives the trees of t the full message timeout again, for a bolt that
// holds a tuple for long.
func (c *Collector) ResetTimeout(t *Tuple) { c.out.port.ResetTimeout(t) }

// Report shows an error to those who run the topology; nothing fails by it.
func (c *Collector) Report(err error) { c.out.port.Report(err) }

// Emitter is a collector with a stream, anchors or a receiver selected. It is a value
// for use at once: out.Stream("late").Emit(x).
type Emitter struct {
	out       *outlet
	stream    int
	name      string
	anchoring Anchoring
	anchors   [2]*Tuple // the first two that the emit is anchored to
	more      []*Tuple  // the others: these cost an allocation
	direct    TaskID
}

// Stream selects the stream.
func (e Emitter) Stream(name string) Emitter {
	e.stream, e.name = e.out.find(name), name
	return e
}

// Anchored selects the tuples that the emit is anchored to, instead of the one
// that the bolt is handling. No tuples is the same as Unanchored.
func (e Emitter) Anchored(to ...*Tuple) Emitter {
	e.anchoring, e.anchors, e.more = AnchorExplicit, [2]*Tuple{}, nil
	if n := copy(e.anchors[:], to); n < len(to) {
		e.more = append(e.more, to[n:]...)
	}
	return e
}

// Unanchored makes the emit belong to no tree.
func (e Emitter) Unanchored() Emitter {
	e.anchoring = AnchorNone
	return e
}

// Direct selects the receiving task, for a stream that was declared direct. See
// [Context.Tasks] for the tasks there are.
func (e Emitter) Direct(to TaskID) Emitter {
	e.direct = to
	return e
}

// Emit sends a tuple of the values as selected. See [Collector.Emit].
func (e Emitter) Emit(values ...any) {
	o := e.out
	if !o.begin() {
		return
	}
	o.fill(values)
	e.send()
}

// send emits what the emission holds.
func (e Emitter) send() {
	o := e.out
	o.e.Stream, o.e.Name, o.e.Anchoring, o.e.Direct = e.stream, e.name, e.anchoring, e.direct
	if e.anchoring == AnchorExplicit {
		e.appendAnchors()
	}
	o.port.Emit(&o.e)
	o.reset()
}

func (e *Emitter) appendAnchors() {
	for _, a := range e.anchors {
		if a != nil {
			e.out.e.Anchors = append(e.out.e.Anchors, a)
		}
	}
	e.out.e.Anchors = append(e.out.e.Anchors, e.more...)
}

// reset returns the emission to what a plain Emit expects.
func (o *outlet) reset() {
	o.e.Name, o.e.Anchoring, o.e.Direct = DefaultStream, AnchorInput, 0
	o.e.Err, o.busy = nil, false
	clear(o.e.Anchors)
	o.e.Anchors = o.e.Anchors[:0]
}

// SpoutCollector is where a spout emits. It belongs to one task and must be used on
// that task's goroutine only, while Next runs.
type SpoutCollector struct{ out outlet }

// NewSpoutCollector returns a collector that emits to the streams through the port.
// It is for runtimes.
func NewSpoutCollector(port Port, streams []*Stream) *SpoutCollector {
	return &SpoutCollector{out: newOutlet(port, streams)}
}

// Emit sends a tuple of the values on the default stream, untracked: the spout will
// not hear of it again. Like every emit it blocks while its receivers have no room; meanwhile
// Ack and Fail may be called for other tuples, from inside the emit.
func (c *SpoutCollector) Emit(values ...any) { c.out.emit(values) }

// EmitID sends a tuple of the values on the default stream as the root of a tree. When
// the tree completes, fails or times out, the id is handed back to the spout's Ack
// or Fail, once. An id that is a pointer costs no allocation.
//
// When as many trees are pending as topology.max-spout-pending allows, EmitID waits until
// there is room; meanwhile Ack and Fail may be called, from inside EmitID.
func (c *SpoutCollector) EmitID(id any, values ...any) {
	o := &c.out
	if o.begin() {
		o.fill(values)
		o.e.Stream, o.e.Tracked, o.e.ID = o.main, true, id
		o.port.Emit(&o.e)
		o.e.Tracked, o.e.ID, o.e.Err, o.busy = false, nil, nil, false
	}
}

// Stream selects another stream than the default.
func (c *SpoutCollector) Stream(name string) SpoutEmitter {
	return SpoutEmitter{Emitter{out: &c.out, stream: c.out.find(name), name: name}}
}

// Report shows an error to those who run the topology; nothing fails by it.
func (c *SpoutCollector) Report(err error) { c.out.port.Report(err) }

// SpoutEmitter is a spout's collector with a stream or a receiver selected.
type SpoutEmitter struct{ e Emitter }

// Direct selects the receiving task, for a stream that was declared direct.
func (s SpoutEmitter) Direct(to TaskID) SpoutEmitter { return SpoutEmitter{s.e.Direct(to)} }

// Emit sends a tuple of the values as selected, untracked.
func (s SpoutEmitter) Emit(values ...any) { s.e.Emit(values...) }

// EmitID sends a tuple of the values as selected, as the root of a tree. See
// [SpoutCollector.EmitID].
func (s SpoutEmitter) EmitID(id any, values ...any) {
	o := s.e.out
	if o.busy {
		o.begin() // reports it
		return
	}
	o.e.Tracked, o.e.ID = true, id
	s.e.Emit(values...)
	o.e.Tracked, o.e.ID = false, nil
}
