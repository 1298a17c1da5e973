package acker

import (
	"fmt"
	"math/rand/v2"
)

// choice makes the decisions of a simulation: below returns a number in [0, n).
type choice interface{ below(n int) int }

// simulation is a spout's owner, its bolts and the lanes between them in one goroutine, around one
// ledger. Each call into the ledger is checked against the model; the first that is
// wrong ends the simulation.
type simulation struct {
	choice
	shape
	build
	ledger  subject
	random  *rand.Rand // of edges: a chooser that likes small numbers would make them cancel out
	tick    uint32
	open    []*tree // opened and not settled
	ended   []*tree // a sample of the settled
	pool    []tuple // not executed
	acks    []ack   // not in the ledger
	words   []*tree // complete or failed, the owner not told
	opened  int64
	tally   tally
	expired []Settled
	problem error
}

// shape is what differs from one simulation to the next.
type shape struct {
	slots  int
	mode   Mode
	age    uint32 // timeout in ticks
	edges  int    // most edges of a root
	joined int    // most tuples that a bolt anchors to
	bred   int    // most children of an execution
	faults int    // how many of 64 executions fail; as many drop their tuple or lose an ack
}

// tally counts what has come to be tested.
type tally struct {
	trees, completed, failed, expired, late, reused, joins, merges, doubled int
}

func (a *tally) add(b tally) {
	a.trees += b.trees
	a.completed += b.completed
	a.failed += b.failed
	a.expired += b.expired
	a.late += b.late
	a.reused += b.reused
	a.joins += b.joins
	a.merges += b.merges
	a.doubled += b.doubled
}

const simulatedTask = 7

func newSimulation(c choice, b build, seed uint64) *simulation {
	s := &simulation{choice: c, build: b, random: rand.New(rand.NewPCG(seed, 1))}
	s.shape = shape{
		slots: 1 + c.below(8), mode: Mode(c.below(2)), age: uint32(1 + c.below(40)),
		edges: 1 + c.below(4), joined: 1 + c.below(3), bred: c.below(3), faults: c.below(4),
	}
	// Half of the simulations see the generations wrap around, half the ticks.
	generations := uint64(generationMask - c.below(2)*c.below(32))
	s.tick = uint32(c.below(2)) * -uint32(c.below(64))
	s.ledger = b.wrap(New(simulatedTask, s.slots, s.mode, generations))
	return s
}

// run makes n steps and then lets all come to its end.
func (s *simulation) run(n int) error {
	for i := 0; i < n && s.problem == nil; i++ {
		s.step()
		s.checkRoom()
	}
	s.finish()
	return s.problem
}

func (s *simulation) step() {
	switch k := s.below(32); {
	case k < 6:
		s.emitRoot()
	case k < 22:
		s.downstream()
	case k < 28:
		s.deliver()
	case k < 30:
		s.sweep()
	case k < 31:
		s.touchAny()
	default:
		s.doubleAny()
	}
}

// downstream is what bolts do.
func (s *simulation) downstream() {
	if s.below(2) == 0 {
		s.execute()
	} else {
		s.applyAny()
	}
}

func (s *simulation) wrong(format string, args ...any) {
	if s.problem == nil {
		s.problem = fmt.Errorf("after %d trees: "+format, append([]any{s.opened}, args...)...)
	}
}

func (s *simulation) checkRoom() {
	if n := s.ledger.Pending(); n != len(s.open) {
		s.wrong("Pending is %d, %d trees are open", n, len(s.open))
	}
	if s.ledger.Full() != (len(s.open) == s.slots) {
		s.wrong("Full is %v with %d of %d slots open", s.ledger.Full(), len(s.open), s.slots)
	}
}

// finish executes, applies and delivers the rest. What is open then has lost an edge.
func (s *simulation) finish() {
	s.bred, s.faults = 0, 0
	for s.problem == nil && len(s.pool) > 0 {
		s.execute()
	}
	for s.problem == nil && len(s.acks) > 0 {
		s.applyAny()
	}
	for s.problem == nil && len(s.words) > 0 {
		s.deliver()
	}
	if s.problem == nil {
		s.drain()
		s.checkRoom()
	}
}
