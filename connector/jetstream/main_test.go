package jetstream_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// victim, in the environment, has the test program be the worker that a test kills. See victimMain.
const victim = "GALE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if url := os.Getenv(victim); url != "" {
		os.Exit(victimMain(url))
	}
	goleak.VerifyTestMain(m)
}
