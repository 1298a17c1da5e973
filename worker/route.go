package worker

import (
	"fmt"

	"github.com/galestream/gale/topology"
)

// exit is a stream of one task with the ways its tuples take.
type exit struct {
	stream  *topology.Stream
	routes  []route
	emitted int64
	plain   int // the number of values, where an emit has a short path; else -1
}

// route is one subscription to a stream, as one emitting task sees it: the tasks of the
// subscribing bolt, and how to choose among them.
type route struct {
	kind    topology.GroupingKind
	to      string // the subscribing component
	outlets []*outlet
	next    int // shuffle: whose turn it is
	keys    []int
	groups  []*outlet // fields: by key group; else nil
	sent    []int64   // partial-key: by task; else nil
	choose  topology.Chooser
	chosen  []int
	passed  int64 // tuples that took this way
}

// unpass takes back what the first n routes have counted of an emit that is refused. Only a custom grouping
// refuses, and the routes before it are custom, too: see wire.
func (x *exit) unpass(n int) {
	for i := range n {
		x.routes[i].passed -= int64(len(x.routes[i].chosen))
	}
}

// target is where one copy of an emitted tuple goes, and its edge.
type target struct {
	outlet *outlet
	edge   uint64
}

func newRoute(in topology.Subscription, to string, outlets []*outlet, r *random) route {
	rt := route{kind: in.Kind, to: to, outlets: outlets, keys: in.Keys}
	switch in.Kind {
	case topology.Shuffle, topology.None, topology.LocalOrShuffle:
		rt.next = r.below(len(outlets)) // so that emitters don't begin with the same task
	case topology.Fields:
		rt.groups = make([]*outlet, topology.KeyGroups)
		for g := range rt.groups {
			rt.groups[g] = outlets[topology.KeyTask(g, len(outlets))]
		}
	case topology.PartialKey:
		rt.sent = make([]int64, len(outlets))
	case topology.Global:
		rt.outlets = outlets[:1] // those of the lowest task
	case topology.Custom:
		rt.choose = in.Chooser()
	}
	return rt
}

// choosesOne reports whether every tuple goes to one task, whatever the emitter says.
func (r *route) choosesOne() bool {
	return r.kind != topology.All && r.kind != topology.Direct && r.kind != topology.Custom
}

// one returns the target of groupings that choose exactly one.
func (r *route) one(values []topology.Value) *outlet {
	if r.groups != nil {
		return r.groups[topology.KeyGroup(values, r.keys)]
	}
	if r.sent != nil {
		return r.lessSent(values)
	}
	o := r.outlets[r.next]
	if r.next++; r.next == len(r.outlets) {
		r.next = 0
	}
	return o
}

// lessSent picks one of the two tasks that the key may go to ("The power of both
// choices", Nasir et al., ICDE 2015).
func (r *route) lessSent(values []topology.Value) *outlet {
	n := len(r.outlets)
	h := topology.KeyHash(values, r.keys)
	a, b := int(h>>32%uint64(n)), 0
	if n > 1 {
		b = (a + 1 + int(h&0xffffffff%uint64(n-1))) % n
	}
	if r.sent[b] < r.sent[a] {
		a = b
	}
	r.sent[a]++
	return r.outlets[a]
}

// appendTargets adds the targets of a tuple of the values. direct is the receiver that the emitter named, or 0.
func (r *route) appendTargets(ts []target, values []topology.Value, direct topology.TaskID) ([]target, error) {
	switch r.kind {
	case topology.All:
		for _, o := range r.outlets {
			ts = append(ts, target{outlet: o})
		}
		return ts, nil
	case topology.Custom:
		return r.appendChosen(ts, values)
	case topology.Direct:
		for _, o := range r.outlets {
			if o.task == direct {
				return append(ts, target{outlet: o}), nil
			}
		}
		return ts, nil
	}
	return append(ts, target{outlet: r.one(values)}), nil
}

func (r *route) appendChosen(ts []target, values []topology.Value) ([]target, error) {
	r.chosen = r.choose(values, len(r.outlets), r.chosen[:0])
	for _, i := range r.chosen {
		if i < 0 || i >= len(r.outlets) {
			return ts, fmt.Errorf("the custom grouping to %q chose task %d of %d", r.to, i, len(r.outlets))
		}
		ts = append(ts, target{outlet: r.outlets[i]})
	}
	return ts, nil
}
