package trident

import (
	"github.com/galestream/gale/trident/codec"
)

// sinkSpec is one sink.
type sinkSpec struct {
	name       string
	kind       Kind
	duplicates bool
	open       func(t *stageTask) sinkPart
}

// SinkOption changes how a sink is used.
type SinkOption interface{ ofSink(s *sinkSpec) }

// Duplicating is an option of sinks and states; see [AllowDuplicates].
type Duplicating struct{}

func (Duplicating) ofSink(s *sinkSpec)   { s.duplicates = true }
func (Duplicating) ofState(s *stateSpec) { s.duplicates = true }

// AllowDuplicates says that records may have their effect more than once in this sink or state, where it can't be exactly-once together with
// the source. Without it such a topology is refused.
func AllowDuplicates() Duplicating { return Duplicating{} }

// PartitionPersist gives the records of each batch to a sink, once the batch is committed: in the order of batches, each task of the stream to
// a partition of its own. The name is that of the sink, the same in every release of the program.
func PartitionPersist[T any](s Stream[T], name string, sink Sink[T], options ...SinkOption) {
	g := s.n.given("PartitionPersist").g
	n := s.n.then("sink")
	n.name, n.unnamed = name, name == ""
	g.own(n, "sink")
	if n.group.query != "" {
		g.problem(name, "a query's records are never committed: they can't go to a sink")
	}
	if sink == nil {
		g.problem(name, "there is no sink")
		return
	}
	c, err := codec.For[T]()
	if err != nil {
		g.problem(name, "its records can't be kept: %v", err)
	}
	spec := &sinkSpec{name: name, kind: sink.Kind()}
	for _, o := range options {
		o.ofSink(spec)
	}
	spec.open = func(t *stageTask) sinkPart { return newSinking(t, spec, sink, c) }
	n.sink = spec
	n.pipe = func(p *pipeline) any { return pusher[T](p.task.sinkOf(spec).(*sinking[T])) }
}
