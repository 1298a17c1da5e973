package state_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/state"
	"github.com/stretchr/testify/require"
)

// meanwhile is a log in which something happens between a recovery's looks at it.
type meanwhile struct {
	changelog.Log
	afterBounds func()
}

func (m *meanwhile) Bounds(ctx context.Context) (first, last uint64, err error) {
	first, last, err = m.Log.Bounds(ctx)
	if m.afterBounds != nil {
		m.afterBounds()
	}
	return first, last, err
}

// TestRecoverWithoutAFence has a batch staged before, and committed during or after, a recovery that nobody has fenced for.
func TestRecoverWithoutAFence(t *testing.T) {
	for name, during := range map[string]bool{"committed during it": true, "committed after it": false} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			log := changelog.Memory()
			attempt, err := log.Fence(ctx, nil)
			require.NoError(t, err)
			commit := func(txid uint64) {
				record := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, txid), attempt)
				_, err := log.Append(ctx, attempt, changelog.Commit, record)
				require.NoError(t, err)
			}
			seen := &meanwhile{Log: log}
			open := func() *state.Partition {
				p, err := state.OpenPartition(state.Options{Name: "counts", Partitions: 1, Log: seen, Store: state.Memory(), Commit: func(b []byte) (uint64, uint64, error) {
					return binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), nil
				}})
				require.NoError(t, err)
				return p
			}
			older := open()
			_, err = older.Recover(ctx)
			require.NoError(t, err)
			require.NoError(t, older.Begin(1, attempt, 1))
			require.NoError(t, older.Put("a", []byte("1")))
			for _, r := range older.Staged() {
				_, err := log.Append(ctx, attempt, changelog.Staged, r)
				require.NoError(t, err)
			}

			p := open()
			if during {
				seen.afterBounds = func() { seen.afterBounds = nil; commit(1) }
			}
			_, err = p.Recover(ctx)
			require.NoError(t, err)
			if !during {
				commit(1)
				require.ErrorIs(t, p.Commit(1, attempt, 0), state.ErrGap)
				_, err = p.Recover(ctx)
				require.NoError(t, err)
			}
			require.EqualValues(t, 1, p.TxID())
			value, ok, err := p.Committed("a")
			require.NoError(t, err)
			require.True(t, ok, "the value is that of the commit")
			require.Equal(t, "1", string(value))
		})
	}
}
