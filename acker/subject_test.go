package acker

import "math/rand/v2"

// subject is what a simulation drives: the ledger, or one that is broken on purpose.
type subject interface {
	Pending() int
	Full() bool
	Open(id any, opened int64, tick uint32) RootID
	Arm(root RootID, xor uint64) bool
	Apply(root RootID, x uint64, tick uint32) (complete, ok bool)
	Fail(root RootID) bool
	Touch(root RootID, tick uint32) bool
	Settle(root RootID) (Settled, bool)
	SettleFailed(root RootID) (Settled, bool)
	Expire(now, age uint32, expired []Settled) []Settled
	Drain(ended []Settled) []Settled
}

// build is a subject with the rules by which its callers make edges and emit roots.
type build struct {
	wrap func(*Ledger) subject
	edge func(*rand.Rand) uint64
	emit func(s subject, e emission) (complete bool)
}

// emission is a root with its edges. hand gives the tuple of edge i to those downstream, who
// may be done with it before hand returns.
type emission struct {
	root  RootID
	edges []uint64
	tick  uint32
	hand  func(i int)
}

// sound is the ledger as it is, used as its documentation says.
var sound = build{
	wrap: func(l *Ledger) subject { return l },
	edge: nonZeroEdge,
	emit: armThenHand,
}

func nonZeroEdge(r *rand.Rand) uint64 {
	for {
		if e := r.Uint64(); e != 0 {
			return e
		}
	}
}

func armThenHand(s subject, e emission) (complete bool) {
	var xor uint64
	for _, edge := range e.edges {
		xor ^= edge
	}
	complete = s.Arm(e.root, xor)
	for i := range e.edges {
		e.hand(i)
	}
	return complete
}
