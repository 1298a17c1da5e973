package process

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// TestMain runs the tests, unless one of them has started this program to write a log.
func TestMain(m *testing.M) {
	if file := os.Getenv(logVariable); file != "" {
		writeLog(file)
		return
	}
	goleak.VerifyTestMain(m)
}
