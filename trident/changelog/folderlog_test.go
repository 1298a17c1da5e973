package changelog

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// transactions is how many have been written to the file.
func (l *folder) transactions(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, l.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }))
	return n
}

func TestConcurrentAppendsShareTransactions(t *testing.T) {
	log, err := Open(t.TempDir())
	require.NoError(t, err)
	defer log.Close()
	l := log.(*folder)
	attempt, err := l.Fence(t.Context(), nil)
	require.NoError(t, err)
	before := l.transactions(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 50 {
				if _, err := l.Append(t.Context(), attempt, Staged, []byte("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	_, last, err := l.Bounds(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 801, last)
	require.Less(t, l.transactions(t)-before, 400)
}

// After a transaction that could not be written it is not known what the file has.
func TestAFailedTransactionEndsAllWriting(t *testing.T) {
	log, err := Open(t.TempDir())
	require.NoError(t, err)
	defer log.Close()
	l := log.(*folder)
	attempt, err := l.Fence(t.Context(), nil)
	require.NoError(t, err)
	err = l.submit(t.Context(), &write{do: func(*bbolt.Tx, *head) error { return os.ErrPermission }})
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorIs(t, err, os.ErrPermission)
	_, err = l.Append(t.Context(), attempt, Commit, nil)
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorContains(t, err, "opened again")
	r, err := l.LastCommit(t.Context())
	require.NoError(t, err)
	require.Equal(t, Record{}, r)
}
