package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/stretchr/testify/require"
)

// TestStateOfATopologyThatHasEndedByItself counts words of a file with the example wordcount, which ends, and then asks for every count: by a client that has never asked
// before, with the credentials of clients.
func TestStateOfATopologyThatHasEndedByItself(t *testing.T) {
	r := rig.New(t)
	c := r.Cluster(rig.Options{Supervisors: 1})
	program := filepath.Join(r.Dir(), "wordcount")
	out, err := exec.Command("go", "build", "-o", program, "../examples/trident/wordcount").CombinedOutput()
	require.NoError(t, err, string(out))
	var text strings.Builder
	for n := range 20_000 {
		fmt.Fprintf(&text, "w%d %s\n", n%200, strings.Repeat("x", n%7+1))
	}
	file := filepath.Join(r.Dir(), "text")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))

	_, err = c.Client.Submit(t.Context(), client.Submission{Program: client.Program{Path: program, Args: []string{file}, Env: r.Env()}, Workers: 2})
	require.NoError(t, err)
	rig.Await(t, "wordcount has ended", func() bool {
		d, err := c.Client.Describe(t.Context(), "wordcount")
		return err == nil && d.Status == cluster.Finished
	})
	want := map[string]int{}
	for _, word := range strings.Fields(text.String()) {
		want[word]++
	}
	for word, n := range want {
		v, err := c.Client.State(t.Context(), "wordcount", "counts", word)
		require.NoError(t, err, word)
		require.Equal(t, strconv.Itoa(n), string(v.Value), word)
	}
	all, err := c.Client.States(t.Context(), "wordcount")
	require.NoError(t, err)
	for _, s := range all {
		require.False(t, s.Running)
		require.Positive(t, s.TxID)
		if s.Name == "counts" {
			require.EqualValues(t, len(want), s.Keys)
		}
	}
	_, err = c.Client.State(t.Context(), "wordcount", "counts", "none")
	require.Equal(t, cluster.NotFound, cluster.CodeOf(err))
}

// TestStateOfATopologyThatWasKilled asks for what a tally has left, looks that damage of it is named, and drops it.
func TestStateOfATopologyThatWasKilled(t *testing.T) {
	g := keep(t, rig.Options{Supervisors: 1}, tally{Workers: 2, Tasks: 3})
	g.witness.awaitCommits(20)
	g.settle()
	id := g.topology.ID
	require.NoError(t, g.cluster.Client.Kill(t.Context(), cluster.KillRequest{Name: g.tally.Name, Wait: -1}))
	require.NoError(t, g.cluster.Client.WaitGone(t.Context(), g.tally.Name, id, nil))
	g.compareStatesOf(5) // each is read from the log
	all, err := g.cluster.Client.States(t.Context(), g.tally.Name)
	require.NoError(t, err)
	for _, name := range tallyStates {
		i := slices.IndexFunc(all, func(s client.StateInfo) bool { return s.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		require.EqualValues(t, len(g.book.state(name, g.book.last())), all[i].Keys, name)
	}
	names, err := g.cluster.Client.StateTopologies(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{g.tally.Name}, names)

	damaged := g.stagedRecord(false)
	g.cluster.NATS.Stop()
	g.spoil(damaged.Payload)
	g.cluster.NATS.Restart()
	g.cluster.AwaitLeader(nil)
	_, err = g.cluster.Client.State(t.Context(), g.tally.Name, "sum", "k0")
	require.ErrorContains(t, err, fmt.Sprintf("record %d", damaged.Sequence))
	require.Equal(t, cluster.Internal, cluster.CodeOf(err), "%v", err)

	require.NoError(t, g.cluster.Client.DropState(t.Context(), g.tally.Name))
	_, err = g.cluster.Client.State(t.Context(), g.tally.Name, "sum", "k0")
	require.Equal(t, cluster.NotFound, cluster.CodeOf(err), "%v", err)
	names, err = g.cluster.Client.StateTopologies(t.Context())
	require.NoError(t, err)
	require.Empty(t, names)
}
