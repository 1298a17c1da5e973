package state

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABatchSeesThePipelineAndOutsideOnlyWhatIsCommitted(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.begin(1)
	r.put("dog", "1")
	r.stage()
	r.begin(2)
	require.Equal(t, "1", r.get("dog"))
	r.put("dog", "2")
	r.put("cat", "1")
	require.Equal(t, "2", r.get("dog"))
	require.Equal(t, "-", r.seen("dog"))
	r.announce(r.record(1))
	require.Equal(t, "1", r.seen("dog"))
	require.Equal(t, "2", r.get("dog"))
	r.delete("dog")
	require.Equal(t, "-", r.get("dog"))
	r.stage()
	r.announce(r.record(2))
	require.Equal(t, "-", r.seen("dog"))
	require.Equal(t, "1", r.seen("cat"))
}

func TestAnAbortedBatchLeavesNothing(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.batch("dog", "1")
	r.begin(2)
	r.put("dog", "2")
	r.put("cat", "2")
	r.stage()
	r.partitions[0].Abort()
	require.Equal(t, "1", r.get("dog"))
	require.Equal(t, "-", r.get("cat"))
	r.fence()
	r.batch("cow", "3")
	require.Equal(t, "-", r.seen("cat"))
	r.open(1)
	require.Equal(t, "1", r.seen("dog"))
	require.Equal(t, "-", r.seen("cat"))
	require.Equal(t, "3", r.seen("cow"))
}

func TestWhatIsCommittedIsThereAfterACrash(t *testing.T) {
	r := newRig(t, 4, Options{})
	r.batch("dog", "1", "cat", "", "cow", "4")
	r.begin(2)
	r.put("dog", "2")
	r.stage()
	r.record(2) // nobody hears of it
	r.open(3)
	require.Equal(t, "2", r.seen("dog"))
	require.Equal(t, "", r.seen("cat"))
	require.Equal(t, "4", r.seen("cow"))
}

func TestAGapIsFoundAndLeavesThePartitionAsItWas(t *testing.T) {
	r := newRig(t, 1, Options{})
	p := r.partitions[0]
	r.batch("dog", "1")
	require.ErrorIs(t, p.Begin(3, r.attempt, 0), ErrGap)
	require.ErrorIs(t, p.Commit(2, r.attempt, 0), ErrGap)
	require.NoError(t, p.Begin(2, r.attempt, 0))
	require.ErrorIs(t, p.Begin(2, r.attempt, 0), ErrOrder)
	require.ErrorIs(t, p.Begin(3, r.attempt+1, 0), ErrOrder)
	require.ErrorIs(t, p.Commit(3, r.attempt, 0), ErrGap)
	require.ErrorIs(t, p.Commit(2, r.attempt+1, 0), ErrGap)
	require.NoError(t, p.Commit(1, r.attempt, 0), "it is folded")
	require.Equal(t, uint64(1), p.TxID())
	require.Equal(t, 1, p.Pending())
}

func TestNothingBeforeRecovery(t *testing.T) {
	r := newRig(t, 1, Options{})
	p := r.partition(0, 1, Memory())
	require.ErrorIs(t, p.Begin(1, 1, 0), ErrGap)
	require.ErrorIs(t, p.Put("dog", nil), ErrOrder)
}

func TestABatchIsBounded(t *testing.T) {
	r := newRig(t, 2, Options{})
	p := r.partitions[0]
	r.begin(1)
	require.ErrorIs(t, p.Put(string(make([]byte, MaxKey+1)), nil), ErrTooLarge)
	require.ErrorIs(t, p.Put("dog", make([]byte, MaxValue+1)), ErrTooLarge)
	foreign := "dog"
	if r.owner(foreign) == p {
		p = r.partitions[1]
	}
	require.ErrorIs(t, p.Put(foreign, nil), ErrForeign)
	require.ErrorIs(t, p.Delete(foreign), ErrForeign)
	require.Empty(t, p.Staged())
}
