package chaos

import (
	"testing"

	"github.com/galestream/gale/internal/rig"
)

// TestTallyWithoutFaults has all come out right when nothing happens.
func TestTallyWithoutFaults(t *testing.T) {
	g := keep(t, rig.Options{Supervisors: 1}, tally{Workers: 1, Tasks: 3})
	g.witness.awaitCommits(100)
	g.settle()
}
