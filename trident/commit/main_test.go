package commit

import (
	"flag"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
)

var (
	seedFlag      = flag.Uint64("seed", 0, "what the first schedule starts from, as a failed test has printed it; 0 for another each time")
	schedulesFlag = flag.Int("schedules", 3000, "how many schedules of faults are simulated")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testSeed returns the seed of the first schedule.
func testSeed() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return rand.Uint64() >> 1
}
