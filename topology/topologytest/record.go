package topologytest

import (
	"context"

	"github.com/galestream/gale/topology"
)

type ctx = context.Context

// Tuple is a tuple as a test sees it.
type Tuple struct {
	Component string // who emitted it
	Stream    string
	Task      topology.TaskID // of the emitter
	Values    []any           // as topology.Value.Any returns them
}

// Settled is a tuple that a bolt has acked or failed.
type Settled struct {
	Tuple
	By    topology.TaskID // the task of the bolt
	Cause error           // why it failed; nil when it was acked
}

// Tree is what a spout was told of a tree.
type Tree struct {
	ID    any   // the message id
	Cause error // why it failed; nil when it is complete
}

// record hears what the tasks do.
type record struct {
	component map[topology.TaskID]string
	emitted   map[string][]Tuple
	settled   map[string][]Settled
	trees     map[string][]Tree
}

func newRecord(t *topology.Topology) *record {
	r := &record{component: map[topology.TaskID]string{}, emitted: map[string][]Tuple{}, settled: map[string][]Settled{}, trees: map[string][]Tree{}}
	for _, c := range t.Components {
		for _, id := range t.Tasks(c.ID) {
			r.component[id] = c.ID
		}
	}
	return r
}

func (r *record) Emitted(task topology.TaskID, s *topology.Stream, values []topology.Value) {
	r.emitted[s.Component] = append(r.emitted[s.Component], Tuple{s.Component, s.Name, task, anys(values)})
}

func (r *record) Executed(task topology.TaskID, t *topology.Tuple, cause error) {
	if t.IsTick() {
		return
	}
	by := r.component[task]
	r.settled[by] = append(r.settled[by], Settled{Tuple{t.Component(), t.Stream(), t.Task(), anys(t.Values())}, task, cause})
}

func (r *record) Completed(task topology.TaskID, id any, cause error) {
	if fed, ok := id.(*fedTuple); ok {
		id = fed.n
	}
	by := r.component[task]
	r.trees[by] = append(r.trees[by], Tree{id, cause})
}

func anys(values []topology.Value) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v.Any()
	}
	return out
}

// component returns the component of the id; it fails the test when there is none.
func (h *Harness) component(id string) *topology.Component {
	h.t.Helper()
	c := h.topology.Component(id)
	if c == nil {
		h.t.Fatalf("topologytest: there is no component %q%s", id, h.topology.Nearest(id))
	}
	return c
}

// Emitted returns what the component has emitted on the stream ("" for the default one), in order.
func (h *Harness) Emitted(component, stream string) []Tuple {
	h.t.Helper()
	if stream == "" {
		stream = topology.DefaultStream
	}
	if h.component(component).Stream(stream) == nil {
		h.t.Fatalf("topologytest: component %q declares no stream %q", component, stream)
	}
	var out []Tuple
	for _, t := range h.record.emitted[component] {
		if t.Stream == stream {
			out = append(out, t)
		}
	}
	return out
}

// Values returns the values of what the component has emitted on the stream, as Emitted does. Every integer is an
// int64 here, every float a float64: what was emitted as 1 is int64(1).
func (h *Harness) Values(component, stream string) [][]any {
	h.t.Helper()
	var out [][]any
	for _, t := range h.Emitted(component, stream) {
		out = append(out, t.Values)
	}
	return out
}

// Acked returns the tuples that the bolt has acked, in order.
func (h *Harness) Acked(bolt string) []Settled {
	h.t.Helper()
	return h.settled(bolt, func(s Settled) bool { return s.Cause == nil })
}

// Failed returns the tuples that the bolt has failed, in order.
func (h *Harness) Failed(bolt string) []Settled {
	h.t.Helper()
	return h.settled(bolt, func(s Settled) bool { return s.Cause != nil })
}

func (h *Harness) settled(bolt string, which func(Settled) bool) []Settled {
	h.t.Helper()
	h.component(bolt)
	var out []Settled
	for _, s := range h.record.settled[bolt] {
		if which(s) {
			out = append(out, s)
		}
	}
	return out
}

// Trees returns what the spout was told of its trees, in order. The message ids of fed tuples are their
// numbers, from 0.
func (h *Harness) Trees(spout string) []Tree {
	h.t.Helper()
	h.component(spout)
	return h.record.trees[spout]
}
