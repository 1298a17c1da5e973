package topology

import "errors"

// Port is the runtime's side of a collector: where emits, acks and fails go. A runtime
// implements it once; the methods are called on the task's goroutine.
type Port interface {
	// Emit routes one emit. The emission is valid during the call.
	Emit(e *Emission)
	// Ack and Fail settle a tuple that the bolt was given; ResetTimeout gives
	// its trees the full timeout again.
	Ack(t *Tuple)
	Fail(t *Tuple, cause error)
	ResetTimeout(t *Tuple)
	// Report shows an error of the component to whoever runs it.
	Report(err error)
}

// Emission is one emit as a runtime sees it.
type Emission struct {
	Stream    int     // index into the component's streams, -1 when it has no such stream
	Name      string  // the stream's name where Stream is -1
	Values    []Value // what was emitted
	Err       error   // why Values is not complete: a value that can't be emitted
	Anchoring Anchoring
	Anchors   []*Tuple // with AnchorExplicit
	Tracked   bool     // emitted by a spout with a message id
	ID        any      // that message id
	Direct    TaskID   // the receiver of a direct emit, else 0
}

// Anchoring says which tuples an emit of a bolt is anchored to.
type Anchoring uint8

// The zero Anchoring is AnchorInput.
const (
	AnchorInput    Anchoring = iota // the tuple that the bolt is handling
	AnchorNone                      // none: it is not tracked
	AnchorExplicit                  // those that were given
)

// outlet is what both collectors are made of.
type outlet struct {
	port    Port
	streams []*Stream
	main    int  // index of the default stream, or -1
	busy    bool // an emit is under way
	e       Emission
}

func newOutlet(port Port, streams []*Stream) outlet {
	o := outlet{port: port, streams: streams}
	o.main = o.find(DefaultStream)
	o.e.Values, o.e.Name = make([]Value, 0, 8), DefaultStream
	return o
}

func (o *outlet) find(name string) int {
	for i, s := range o.streams {
		if s.Name == name {
			return i
		}
	}
	return -1
}

// fill copies the values into the emission. Nothing of values may escape but what
// Value.set takes from it; see there.
func (o *outlet) fill(values []any) {
	e := &o.e
	if cap(e.Values) < len(values) {
		e.Values = make([]Value, len(values))
	}
	e.Values = e.Values[:len(values)]
	for i := range values {
		if s, ok := values[i].(string); ok {
			e.Values[i].setString(s)
		} else if err := e.Values[i].set(values[i]); err != nil {
			e.Err = err
		}
	}
}

func (o *outlet) emit(values []any) {
	if o.begin() {
		o.fill(values)
		o.e.Stream = o.main
		o.port.Emit(&o.e)
		o.e.Err, o.busy = nil, false
	}
}

// begin refuses an emit within an emit, which would overwrite its values: EmitID may
// call the spout's Ack and Fail while it waits, and these must not emit.
func (o *outlet) begin() bool {
	if o.busy {
		o.port.Report(errNested)
		return false
	}
	o.busy = true
	return true
}

var errNested = errors.New("emit from within an emit (from Ack, Fail or Receive?): it was dropped; remember it and emit it in Next")
