package acker

import (
	"flag"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
)

var seedFlag = flag.Uint64("ledger.seed", 0, "seed of the randomised tests of the ledger; 0 takes a new one")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testSeed returns the seed of a randomised test, and says how to have it again.
func testSeed(t *testing.T) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64() | 1
	}
	t.Logf("seed %d: run again with -ledger.seed=%d", seed, seed)
	return seed
}
