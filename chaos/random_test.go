package chaos

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "what random faults start from, as a failed test has printed it; 0 for another each time")

// newRandom returns the source of a test's random faults, and its seed.
func newRandom(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64() | 1
	}
	return rand.New(rand.NewPCG(seed, 0)), seed
}
