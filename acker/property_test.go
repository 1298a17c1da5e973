package acker

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type rapidChoice struct{ t *rapid.T }

func (c rapidChoice) below(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "choice") }

type seededChoice struct{ *rand.Rand }

func (c seededChoice) below(n int) int { return c.IntN(n) }

// TestLedgerAgreesWithModel finds small counterexamples; TestLedgerInVolume finds rare ones.
func TestLedgerAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSimulation(rapidChoice{t}, sound, rapid.Uint64().Draw(t, "edges"))
		require.NoError(t, s.run(rapid.IntRange(1, 400).Draw(t, "steps")))
	})
}

func TestLedgerInVolume(t *testing.T) {
	trees := 1_000_000
	if testing.Short() {
		trees = 50_000
	}
	total, err := simulate(sound, testSeed(t), trees)
	require.NoError(t, err)
	t.Logf("%+v", total)
	requireAllSeen(t, total)
}

// simulate runs simulations until they have opened so many trees, or one finds a problem.
func simulate(b build, seed uint64, trees int) (total tally, err error) {
	r := rand.New(rand.NewPCG(seed, 0))
	for total.trees < trees && err == nil {
		s := newSimulation(seededChoice{r}, b, r.Uint64())
		err = s.run(20_000)
		total.add(s.tally)
	}
	return total, err
}

// requireAllSeen sees to it that no part of the simulation has gone to sleep.
func requireAllSeen(t *testing.T, n tally) {
	require.Equal(t, n.trees, n.completed+n.failed+n.expired)
	require.Greater(t, n.completed, n.trees/4)
	for what, count := range map[string]int{
		"failed trees": n.failed, "expired trees": n.expired, "late acks": n.late,
		"late acks to a slot in use again": n.reused, "joins": n.joins, "merged acks": n.merges,
		"doubled words": n.doubled,
	} {
		require.Greater(t, count, n.trees/100, what)
	}
}
