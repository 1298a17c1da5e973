package transport

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type drawn struct{ *rapid.T }

func (d drawn) below(n int) int { return rapid.IntRange(0, n-1).Draw(d.T, "") }

type seeded struct{ *rand.Rand }

func (s seeded) below(n int) int { return s.IntN(n) }

// TestLinksDeliverExactlyOnce runs simulations whose decisions rapid makes, so that one that fails is made small.
func TestLinksDeliverExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		require.NoError(t, newSimulation(drawn{t}, sound).run(rapid.IntRange(0, 300).Draw(t, "steps")))
	})
}

// TestLinksDeliverExactlyOnceForLong runs longer ones, and checks that all that can go wrong has.
func TestLinksDeliverExactlyOnceForLong(t *testing.T) {
	var all tally
	for seed := range uint64(300) {
		s := newSimulation(seeded{rand.New(rand.NewPCG(seed, 0))}, sound)
		require.NoError(t, s.run(2000), "seed %d", seed)
		all.add(s.tally)
	}
	t.Logf("%+v", all)
	for _, n := range []int{all.slabs, all.records, all.restarts, all.resets, all.dropped, all.doubled, all.reordered, all.resent, all.starved, all.voidWhileBusy} {
		require.Positive(t, n, "%+v", all)
	}
}

func (a *tally) add(b tally) {
	a.slabs += b.slabs
	a.records += b.records
	a.restarts += b.restarts
	a.resets += b.resets
	a.dropped += b.dropped
	a.doubled += b.doubled
	a.reordered += b.reordered
	a.resent += b.resent
	a.starved += b.starved
	a.voidWhileBusy += b.voidWhileBusy
}
