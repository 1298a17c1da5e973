package acker

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrokenLedgersAreFound shows that the simulation can fail: it finds each ledger that
// breaks one thing, for the reason that it is broken.
func TestBrokenLedgersAreFound(t *testing.T) {
	seed := testSeed(t)
	// A tree that has completed too early may show it by refusing what is still to come.
	const early = "false completion|(Apply|Fail|Touch) .* is false"
	for name, c := range map[string]struct {
		build build
		found string
	}{
		"edges may be 0":                   {sound.with(zeroEdges), early},
		"edges of 16 bits":                 {sound.with(shortEdges), early},
		"armed edge by edge":               {sound.with(armEdgeByEdge), early},
		"generation not checked":           {broken(func(l *Ledger) subject { return &ungenerational{l} }), "Apply to .* is true"},
		"late acks refused after all":      {broken(func(l *Ledger) subject { return &corrupting{l} }), "no completion|(Fail|Touch) .* is true"},
		"an apply in 100 dropped":          {broken(func(l *Ledger) subject { return &dropping{Ledger: l} }), "no completion"},
		"an apply in 100 applied twice":    {broken(func(l *Ledger) subject { return &doubling{Ledger: l} }), "completion|(Apply|Fail|Touch) .* is false"},
		"failed slot keeps its generation": {broken(func(l *Ledger) subject { return &unaging{l} }), "(Apply|Fail|Touch|Settle) .* is true"},
		"failed tree takes acks":           {broken(func(l *Ledger) subject { return &forgiving{l} }), "(Apply|Fail|Touch) .* is true"},
		"fails twice":                      {broken(func(l *Ledger) subject { return &failingTwice{Ledger: l} }), "Fail of .* is true"},
		"completes twice":                  {broken(func(l *Ledger) subject { return &completingTwice{l} }), "double completion"},
		"settles twice":                    {broken(func(l *Ledger) subject { return &settlingTwice{Ledger: l} }), "Settle of .* is true"},
		"expires twice":                    {broken(func(l *Ledger) subject { return &expiringTwice{Ledger: l} }), "a second Expire|Expire ended"},
		"never expires":                    {broken(func(l *Ledger) subject { return &unexpiring{l} }), "Expire ended 0"},
		"touches the slot's next tree":     {broken(func(l *Ledger) subject { return &touching{l} }), "Expire ended"},
		"hands back another id":            {broken(func(l *Ledger) subject { return &mixing{Ledger: l} }), "id or time of another"},
		"loses count":                      {broken(func(l *Ledger) subject { return &miscounting{l} }), "Pending is"},
	} {
		t.Run(name, func(t *testing.T) {
			// Most are found within 1000 trees. Edges of 16 bits take 90,000 in the mean: one run
			// in e^33 does not find them.
			seen, err := simulate(c.build, seed, 3_000_000)
			require.Error(t, err, "not found in %d trees", seen.trees)
			require.Regexp(t, c.found, err.Error())
			t.Logf("found in tree %d: %v", seen.trees, err)
		})
	}
}

func (b build) with(change func(*build)) build {
	change(&b)
	return b
}

func broken(wrap func(*Ledger) subject) build {
	return sound.with(func(b *build) { b.wrap = wrap })
}

func zeroEdges(b *build) {
	b.edge = func(r *rand.Rand) uint64 {
		if r.IntN(16) == 0 {
			return 0
		}
		return nonZeroEdge(r)
	}
}

func shortEdges(b *build) {
	b.edge = func(r *rand.Rand) uint64 { return 1 + r.Uint64N(1<<16-1) }
}

// armEdgeByEdge hands out each tuple as soon as its own edge is in the ledger.
func armEdgeByEdge(b *build) {
	b.emit = func(s subject, e emission) (complete bool) {
		if len(e.edges) == 0 {
			return s.Arm(e.root, 0)
		}
		complete = s.Arm(e.root, e.edges[0])
		e.hand(0)
		for i := 1; i < len(e.edges); i++ {
			s.Apply(e.root, e.edges[i], e.tick)
			e.hand(i)
		}
		return complete
	}
}
