package chaos

import (
	"context"
	"errors"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// sealed is a bolt that can't be opened.
type sealed struct{}

var errSealed = errors.New("there is no such table")

func (sealed) Prepare(context.Context, *topology.Context) error { return errSealed }

func (sealed) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

// TestReplacementThatCantOpenUnderLoad swaps the program for one that starts, but can't be opened: what ran before is brought back, and nothing
// is lost.
func TestReplacementThatCantOpenUnderLoad(t *testing.T) {
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2})
	worse := s.load
	worse.Sealed = true
	generation := s.replace(worse)
	s.awaitRefused(generation)
	var d cluster.Description
	rig.Await(t, "what ran before runs again", func() bool {
		d = s.describe()
		return d.State == "running" && d.Wanted == d.Generation
	})
	require.Equal(t, generation, d.Reverted)
	require.Equal(t, s.topology.Digest, d.Digest)
	require.Contains(t, d.Message, "went back to the former program")
	require.Contains(t, d.Message, errSealed.Error())
	s.feedFlows()
	s.settle(1)
}
