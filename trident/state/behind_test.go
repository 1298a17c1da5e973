package state

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/trident/changelog"
)

// others appends what states beside this one stage.
func (r *rig) others(records int) {
	for range records {
		r.append(changelog.Staged, []byte("of another"))
	}
}

// A state that hardly changes stands beside busy ones: the log, which has what all of them stage, must not wait for it to stage as much itself.
func TestASmallStateLetsTheLogBeTrimmed(t *testing.T) {
	r := newRig(t, 2, Options{SnapshotRecords: 1000})
	r.fill(3, "1")
	for range 5 {
		r.others(1000)
		r.batch("dog", fmt.Sprint(r.txid))
		r.snapshots()
		r.trim()
	}
	first, last, err := r.log.Bounds(t.Context())
	require.NoError(t, err)
	require.Greater(t, first, uint64(3000))
	require.Less(t, last-first, uint64(2100), "two cycles are kept")
	want := r.seen("dog")
	r.open(3)
	require.Equal(t, want, r.seen("dog"))
}

// What was not staged for long is no reason for a cycle each time that a task begins, nor is a large state copied for a few records.
func TestACycleForTheLogsSakeWaitsItsTurn(t *testing.T) {
	r := newRig(t, 1, Options{SnapshotRecords: 1000, SnapshotBytes: 1 << 10})
	r.others(1000)
	r.batch("dog", "x")
	require.True(t, r.partitions[0].due())
	r.snapshots()
	r.open(1)
	r.batch("dog", "x")
	require.False(t, r.partitions[0].due(), "it has begun after the last cycle")
	r.fill(300, "1")
	_, size := r.partitions[0].Size()
	require.Greater(t, size, int64(2<<10))
	r.snapshots()
	r.partitions[0].cycle.staged = 0
	r.others(1000)
	r.batch("dog", "x")
	require.False(t, r.partitions[0].due(), "it is larger than SnapshotBytes")
}
