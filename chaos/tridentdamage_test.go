package chaos

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
)

// TestDamagedStateIsNamed spoils a byte of what a state has staged, on the disk of the server that has the log. Whoever reads the state anew says
// which record it is, and gives no value. Where a server that was killed finds its last records damaged, it takes them for not written: then the log has lost its end, which
// the sink sees, and what is kept is of an earlier batch, as a whole.
func TestDamagedStateIsNamed(t *testing.T) {
	for _, c := range []struct {
		name string
		last bool // the record is one of the last; else one from the middle of the log
		end  func(s *rig.Server)
	}{
		{"in the middle, of a server that was stopped", false, func(s *rig.Server) { s.Stop() }},
		{"at the end, of a server that was killed", true, func(s *rig.Server) { s.Kill() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := keep(t, rig.Options{Supervisors: 1}, tally{Workers: 1, Tasks: 3})
			g.witness.awaitCommits(20)
			g.flowsOut()
			g.witness.end()
			damaged := g.stagedRecord(c.last)
			c.end(g.cluster.NATS)
			g.spoil(damaged.Payload)
			g.cluster.NATS.Restart()
			rig.Signal(t, -g.workerOf(true).PID, syscall.SIGKILL)
			if c.last {
				g.awaitError(`sink "echo"`, "it has batches up to") // which may not be the last batch, that may be empty
			} else {
				g.awaitError("stream GALE_STATE_tally is damaged", fmt.Sprintf("record %d", damaged.Sequence))
			}
			g.requireNoWrongValue(c.last)
		})
	}
}

// requireNoWrongValue asks for all values of a state. There are none, or those of an earlier batch.
func (g *ledger) requireNoWrongValue(some bool) {
	g.t.Helper()
	for key := range g.book.through(g.book.last()) {
		v, err := g.cluster.Client.State(g.t.Context(), g.tally.Name, "sum", key)
		require.Equal(g.t, some, err == nil, "the sum of %s: %s, %v", key, v.Value, err)
		if !some {
			return // the others are in the same worker, which does not come up
		}
		require.NoError(g.t, g.witness.judge([]answer{{"sum", key, string(v.Value), v.TxID}}))
	}
}

// flowsOut waits until all that the stream has is committed.
func (g *ledger) flowsOut() {
	g.t.Helper()
	g.arrive()
	g.witness.awaitPosition(g.book.awaitAll(g.feed.Last()))
}

// stagedRecord returns a record of a state's: the last, or one from the middle of the log.
func (g *ledger) stagedRecord(end bool) (found changelog.Record) {
	g.t.Helper()
	first, last, err := g.witness.log.Bounds(g.t.Context())
	require.NoError(g.t, err)
	through := (first + last) / 2
	if end {
		through = last
	}
	err = g.witness.log.Read(g.t.Context(), first, through, func(r changelog.Record) error {
		if r.Kind == changelog.Staged && bytes.Contains(r.Payload, []byte("sum")) {
			found = r
			found.Payload = bytes.Clone(r.Payload)
		}
		return nil
	})
	require.NoError(g.t, err)
	require.NotEmpty(g.t, found.Payload)
	return found
}

// spoil changes the last byte of a record where the server keeps it.
func (g *ledger) spoil(payload []byte) {
	g.t.Helper()
	files, err := filepath.Glob(filepath.Join(g.rig.Dir(), "nats", "jetstream", "*", "streams", "GALE_STATE_tally", "msgs", "*.blk"))
	require.NoError(g.t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(g.t, err)
		if at := bytes.Index(text, payload); at >= 0 {
			text[at+len(payload)-1] ^= 1
			require.NoError(g.t, os.WriteFile(file, text, 0o600))
			return
		}
	}
	g.t.Fatalf("the record is in none of %v", files)
}
