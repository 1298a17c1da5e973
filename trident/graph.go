package trident

import (
	"fmt"

	"github.com/galestream/gale/topology"
)

// graph is what the streams of one topology are made of. It is kept with the topology's builder, and compiled when
// that builds.
type graph struct {
	b        *topology.Builder
	options  options
	groups   []*group // the first is the one with transactions
	nodes    []*node
	edges    []*edge
	states   []*stateSpec
	problems []problem
	counters map[string]int
	places   []*place // made by compile
}

type problem struct{ operator, text string }

// group is the streams that share a sequence of batches: those of all sources, or those of one query.
type group struct {
	id      int
	leader  string // the spout that begins its batches
	query   string // the query's name; empty for the transactions
	roots   []*node
	answers int // of a query: how many Answers it has
}

// node is one operator.
type node struct {
	g       *graph
	id      int
	name    string // for people, and for components
	group   *group
	of      *node   // the operator that it is the first part of, by whose name it goes
	up      *node   // who pushes into it in the same task; nil for the head of a pipeline
	in      []*edge // what a head receives from other tasks
	downs   []*node // those it pushes into
	outs    []*edge
	state   *stateSpec // whose partitions it needs beside it
	tasks   int        // wanted parallelism, 0: nothing is wanted
	single  bool       // it can't have more than one task
	most    int        // nor more than this; 0: it may have any number
	place   *place
	pipe    func(p *pipeline) any  // of one that is pushed into: its input, a pusher of its type
	head    func(p *pipeline) head // of a head
	kind    Kind                   // of a source
	sink    *sinkSpec              // of one that writes to a sink
	owned   bool                   // it has the name of a source, state or sink
	unnamed bool                   // its name was made up
}

// edge is the way from an operator to the head of another pipeline, in whatever task.
type edge struct {
	id       int
	from, to *node
	input    int                   // which of the inputs of to
	kind     string                // how it shares out, for people
	writer   func(p *pipeline) any // a pusher of its type
	encode   func(b []byte, data any) ([]byte, error)
	decode   func(b []byte) (any, error)
}

// extension is the name that the graph is kept by.
const extension = "github.com/galestream/gale/trident"

// builder is what topologies are declared with.
type builder = *topology.Builder

func graphOf(b builder) *graph {
	return b.Extension(extension, func() topology.Extension {
		g := &graph{b: b, counters: map[string]int{}}
		g.groups = []*group{{leader: Coordinator}}
		return g
	}).(*graph)
}

// problem notes a mistake of the author's.
func (g *graph) problem(operator, format string, args ...any) {
	g.problems = append(g.problems, problem{operator, fmt.Sprintf(format, args...)})
}

// add makes a node. name may be empty for one that nobody refers to.
func (g *graph) add(name, kind string, group *group) *node {
	unnamed := name == ""
	if unnamed {
		g.counters[kind]++
		name = fmt.Sprintf("%s-%d", kind, g.counters[kind])
	}
	n := &node{g: g, id: len(g.nodes), name: name, group: group, unnamed: unnamed}
	g.nodes = append(g.nodes, n)
	return n
}

// then makes a node that n pushes into.
func (n *node) then(kind string) *node {
	d := n.given(kind).g.add("", kind, n.group)
	d.up, d.state = n, nil
	n.downs = append(n.downs, d)
	return d
}

// given returns n, for an operator that is to follow it. A zero Stream has none; nor has it a topology that could be told of the mistake when it is built.
func (n *node) given(operator string) *node {
	if n == nil {
		panic(fmt.Sprintf("trident: %s: it is to follow a zero Stream, which is of no topology: streams come from NewStream, NewQuery and the operators", operator))
	}
	return n
}

// connect makes the way from n to an input of a head.
func (n *node) connect(to *node, kind string) *edge {
	e := &edge{id: len(n.g.edges), from: n, to: to, input: len(to.in), kind: kind}
	n.g.edges = append(n.g.edges, e)
	n.outs, to.in = append(n.outs, e), append(to.in, e)
	return e
}

// headOf returns the node that begins the pipeline of n.
func (n *node) headOf() *node {
	for n.up != nil {
		n = n.up
	}
	return n
}

// stream is the name of the stream of tuples that carries an edge.
func (e *edge) stream() string { return fmt.Sprintf("e%d", e.id) }
