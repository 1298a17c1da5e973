package natsd

import (
	"flag"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// long has the tests run as long and as big as they are meant to be; without it they are samples.
var long = flag.Bool("long", false, "run the contract tests whole")

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}
