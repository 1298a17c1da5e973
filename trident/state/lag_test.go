package state_test

import (
	"encoding/binary"
	"testing"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/state"
	"github.com/stretchr/testify/require"
)

// TestAStateThatHardlyChangesLetsTheLogGo: others fill the log.
func TestAStateThatHardlyChangesLetsTheLogGo(t *testing.T) {
	ctx := t.Context()
	log := changelog.Memory()
	attempt, err := log.Fence(ctx, nil)
	require.NoError(t, err)
	p, err := state.OpenPartition(state.Options{
		Name: "quiet", Partitions: 1, Log: log, Store: state.Memory(), SnapshotRecords: 100,
		Commit: func(b []byte) (uint64, uint64, error) { return binary.BigEndian.Uint64(b), attempt, nil },
	})
	require.NoError(t, err)
	_, err = p.Recover(ctx)
	require.NoError(t, err)
	stored := 0
	for txid := uint64(1); txid <= 1000; txid++ {
		require.NoError(t, p.Begin(txid, attempt, int64(txid)))
		sequence, err := log.Append(ctx, attempt, changelog.Commit, binary.BigEndian.AppendUint64(nil, txid))
		require.NoError(t, err)
		require.NoError(t, p.Commit(txid, attempt, sequence))
		s, err := p.NextSnapshot()
		require.NoError(t, err)
		if s != nil {
			require.NoError(t, log.PutSnapshot(ctx, s.Name, s.Data))
			s.Done(nil)
			stored++
		}
	}
	require.Greater(t, p.Base(), uint64(700), "the log may be trimmed")
	require.Less(t, stored, 700, "and snapshots are not made all the time")
}
