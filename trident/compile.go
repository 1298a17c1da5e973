package trident

import (
	"fmt"
	"slices"

	"github.com/galestream/gale/topology"
)

// Coordinator is the id of the spout that begins and commits the batches of a topology.
const Coordinator = "trident.coordinator"

// Streams of leaders.
const (
	beginStream    = "begin"
	announceStream = "announce"
)

// place is a component: the operators that run together in its tasks.
type place struct {
	id      string
	heads   []*node // in the order they were declared
	nodes   []*node
	tasks   int
	states  []*stateSpec
	durable bool // it has states or sinks, and so takes part in commits
}

// Complete declares the components.
func (g *graph) Complete(b *topology.Builder) {
	g.ensureOptions()
	g.makePlaces()
	g.check()
	for _, p := range g.problems {
		b.Problem(p.operator, "%s", p.text)
	}
	if len(g.nodes) == 0 {
		return
	}
	g.declareCoordinator() // also after a mistake: else the lack of a spout would be another
	if len(g.problems) > 0 {
		return
	}
	for _, q := range g.groups[1:] {
		g.declareLeader(q)
	}
	for _, p := range g.places {
		g.declare(p)
	}
}

// makePlaces puts operators together: those that push into each other, and those that need the same state.
func (g *graph) makePlaces() {
	of := map[*stateSpec]*place{}
	for _, n := range g.nodes {
		if n.up == nil && n.state != nil && n.state.node == n {
			of[n.state] = g.newPlace(n)
		}
	}
	for _, n := range g.nodes {
		switch {
		case n.up != nil || n.place != nil:
		case n.state != nil:
			n.place = of[n.state]
		default:
			g.newPlace(n)
		}
	}
	for _, n := range g.nodes {
		if n.of != nil {
			n.name = n.of.name
		}
		n.place = n.headOf().place
		n.place.take(n)
	}
}

func (g *graph) newPlace(n *node) *place {
	n.place = &place{id: n.name, tasks: 1}
	g.places = append(g.places, n.place)
	return n.place
}

func (p *place) take(n *node) {
	p.nodes = append(p.nodes, n)
	if n.up == nil {
		p.heads = append(p.heads, n)
	}
	if n.state != nil && n.state.node == n {
		p.states = append(p.states, n.state)
	}
	p.tasks = max(p.tasks, n.tasks)
	if n.state != nil && n.state.node == n {
		p.durable = p.durable || n.state.load == nil
	}
	p.durable = p.durable || n.sink != nil
}

func (g *graph) declare(p *place) {
	d := g.b.Bolt(p.id, func() topology.Bolt { return newStageTask(g, p) }).ManualAck().Parallelism(p.tasks)
	for _, n := range p.nodes {
		for _, e := range n.outs {
			d.EmitsDirect(e.stream(), packetField)
		}
		for _, e := range n.in {
			d.Direct(topology.From(e.from.place.id, e.stream()))
		}
		if n.up == nil && len(n.in) == 0 && (n.state == nil || n.state.load == nil) {
			d.All(topology.From(n.group.leader, beginStream))
		}
	}
	if p.wishes() {
		d.Tick(saidAgain)
	}
	if p.durable {
		d.All(topology.From(Coordinator, announceStream))
	}
}

// wishes reports whether its tasks may want a batch: they read a source, or have windows that time closes.
func (p *place) wishes() bool {
	return p.durable || slices.ContainsFunc(p.heads, func(n *node) bool { return len(n.in) == 0 && n.group.query == "" })
}

func (g *graph) declareCoordinator() {
	g.b.Spout(Coordinator, func() topology.Spout { return newCoordinator(g) }).
		EmitsOn(beginStream, packetField).EmitsOn(announceStream, packetField)
}

// own makes sure that a name belongs to one source, state or sink alone.
func (g *graph) own(n *node, what string) {
	if n.unnamed {
		g.problem(n.name, "the %s has no name; it needs one that stays the same, for what is kept under it", what)
	}
	if err := topology.CheckName(n.name); err != nil {
		g.problem(n.name, "the %s's name: %v", what, err)
	}
	for _, other := range g.nodes {
		if other != n && other.owned && other.name == n.name {
			g.problem(n.name, "there is another source, state or sink of the name; each needs one of its own")
		}
	}
	n.owned = true
}

// check finds what can only be seen of the whole.
func (g *graph) check() {
	if len(g.groups[0].roots) == 0 && slices.ContainsFunc(g.states, func(s *stateSpec) bool { return s.load == nil }) {
		g.problem("", "it has states, and no source to fill them: NewStream begins one")
	}
	for _, q := range g.groups[1:] {
		if q.answers != 1 {
			g.problem("query."+q.query, "it has %d answers; Answer has to be called for one of its streams", q.answers)
		}
	}
	for _, p := range g.places {
		if len(p.heads) == 1 && p.heads[0].state != nil && p.heads[0].state.load != nil {
			g.problem(p.id, "nobody asks the table: StateQuery does")
		}
	}
	g.checkTasks()
	g.checkCycles()
	g.checkExactlyOnce()
}

// checkTasks finds operators that have more tasks than they can have: also by the wish of one that runs with them.
func (g *graph) checkTasks() {
	for _, n := range g.nodes {
		switch {
		case n.single && n.place.tasks > 1:
			g.problem(n.name, "it is the work of one task, and %d are wanted for it, or for what runs with it: Repartition begins tasks anew", n.place.tasks)
		case n.most > 0 && n.place.tasks > n.most:
			g.problem(n.name, "it can have %d tasks, and %d are wanted for it, or for what runs with it", n.most, n.place.tasks)
		}
	}
}

// checkCycles finds places that wait for each other: a query of a state by what follows from the state itself.
func (g *graph) checkCycles() {
	const working, over = 1, 2
	seen := map[*place]int{}
	var visit func(p *place)
	visit = func(p *place) {
		seen[p] = working
		for _, n := range p.nodes {
			for _, e := range n.outs {
				switch seen[e.to.place] {
				case working:
					g.problem(e.to.name, "it needs what follows from itself, by way of %q: a topology can't have cycles", e.from.name)
				case 0:
					visit(e.to.place)
				}
			}
		}
		seen[p] = over
	}
	for _, p := range g.places {
		if seen[p] == 0 {
			visit(p)
		}
	}
}

// checkExactlyOnce holds Storm's table of what sources and sinks go together.
func (g *graph) checkExactlyOnce() {
	for _, n := range g.nodes {
		if n.sink == nil || n.sink.duplicates {
			continue
		}
		for _, s := range n.sources() {
			if !ExactlyOnce(s.kind, n.sink.kind) {
				g.problem(n.name, "a sink that is %v can't be exactly-once with source %q, which is %v; if duplicates will do, say so with AllowDuplicates", n.sink.kind, s.name, s.kind)
			}
		}
	}
	for _, s := range g.states {
		if s.load != nil {
			continue
		}
		for _, n := range s.node.sources() {
			if !ExactlyOnce(n.kind, Opaque) && !s.duplicates {
				g.problem(s.name, "no state can be exactly-once with source %q, which is %v; if that will do, say so with AllowDuplicates", n.name, n.kind)
			}
		}
	}
}

// sources are the sources that an operator's records come from.
func (n *node) sources() []*node {
	seen := map[*node]bool{}
	var found []*node
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.up != nil {
			visit(n.up)
		}
		for _, e := range n.in {
			visit(e.from)
		}
		if n.up == nil && len(n.in) == 0 && n.group.query == "" {
			found = append(found, n)
		}
	}
	visit(n)
	return found
}

// ExactlyOnce reports whether a sink or state of a kind has the effect of each record once, when the records come from a source of a kind. It
// is the table of Storm's documentation of Trident's state; Gale's own states are Opaque.
//
//	source \ state    NonTransactional   Transactional   Opaque
//	NonTransactional  no                 no              no
//	Transactional     no                 yes             yes
//	Opaque            no                 no              yes
func ExactlyOnce(source, state Kind) bool {
	return source == Transactional && state != NonTransactional || source == Opaque && state == Opaque
}

var kindNames = [...]string{"non-transactional", "transactional", "opaque"}

// String returns the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}
