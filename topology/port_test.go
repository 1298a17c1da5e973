package topology_test

import (
	"slices"

	"github.com/galestream/gale/topology"
)

// emission is what a port saw of one emit, with values that can be compared.
type emission struct {
	Stream    int
	Name      string
	Values    []any
	Err       error
	Anchoring topology.Anchoring
	Anchors   []*topology.Tuple
	Tracked   bool
	ID        any
	Direct    topology.TaskID
}

// port is the runtime's side of a collector: it remembers what it is given.
type port struct {
	emitted  []emission
	acked    []*topology.Tuple
	failed   []*topology.Tuple
	causes   []error
	reset    []*topology.Tuple
	reported []error
	within   func(e *topology.Emission) // runs inside Emit, once, before it remembers
}

func (p *port) Emit(e *topology.Emission) {
	if within := p.within; within != nil {
		p.within = nil
		within(e)
	}
	p.emitted = append(p.emitted, seen(e))
}

func seen(e *topology.Emission) emission {
	return emission{
		Stream: e.Stream, Name: e.Name, Values: anys(e.Values), Err: e.Err,
		Anchoring: e.Anchoring, Anchors: slices.Clone(e.Anchors),
		Tracked: e.Tracked, ID: e.ID, Direct: e.Direct,
	}
}

func (p *port) Ack(t *topology.Tuple) { p.acked = append(p.acked, t) }

func (p *port) Fail(t *topology.Tuple, cause error) {
	p.failed, p.causes = append(p.failed, t), append(p.causes, cause)
}

func (p *port) ResetTimeout(t *topology.Tuple) { p.reset = append(p.reset, t) }

func (p *port) Report(err error) { p.reported = append(p.reported, err) }

// last returns the latest emission.
func (p *port) last() emission { return p.emitted[len(p.emitted)-1] }

// take returns what was emitted since it was last called.
func (p *port) take() []emission {
	e := p.emitted
	p.emitted = nil
	return e
}

func anys(values []topology.Value) []any {
	var out []any
	for _, v := range values {
		out = append(out, v.Any())
	}
	return out
}

func valuesOf(xs ...any) []topology.Value {
	values := make([]topology.Value, len(xs))
	for i, x := range xs {
		values[i] = topology.Of(x)
	}
	return values
}

// tupleOf returns a tuple of the stream "default" of "source" with the fields and values.
func tupleOf(fields []string, xs ...any) *topology.Tuple {
	s := &topology.Stream{Component: "source", Name: topology.DefaultStream, Fields: fields}
	return topology.NewSlab(1).Add(s, valuesOf(xs...), 0, 0)
}
