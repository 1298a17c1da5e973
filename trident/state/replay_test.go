package state

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/trident/changelog"
)

// large is a value that takes several records.
func large(fill byte) string { return string(bytes.Repeat([]byte{fill}, 2*changelog.MaxPayload+17)) }

func TestALargeBatchTakesSeveralRecords(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.begin(1)
	r.put("dog", large('x'))
	r.put("cat", "1")
	payloads := r.partitions[0].Staged()
	require.Len(t, payloads, 3)
	slices.Reverse(payloads)
	for _, payload := range payloads {
		require.LessOrEqual(t, len(payload), changelog.MaxPayload)
		r.append(changelog.Staged, payload)
		r.append(changelog.Staged, payload) // an answer was lost
	}
	r.record(1)
	r.open(1)
	require.Equal(t, large('x'), r.seen("dog"))
	require.Equal(t, "1", r.seen("cat"))
}

func TestARecordThatIsMissingOrWrongIsNamed(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.batch("dog", large('x')) // records 2, 3, 4: 1 is the fence
	change := func(sequence uint64, f func(r *changelog.Record) bool) changelog.Log {
		return holed{Log: r.log, record: func(r *changelog.Record) bool { return r.Sequence != sequence || f(r) }}
	}
	lose := func(*changelog.Record) bool { return false }
	cut := func(r *changelog.Record) bool { r.Payload = r.Payload[:len(r.Payload)-1]; return true }
	clear := func(r *changelog.Record) bool { r.Payload = []byte{Form, 0}; return true }
	for _, c := range []struct {
		log      changelog.Log
		sequence uint64
		why      string
	}{
		{change(2, lose), 3, "part 1 of 3"},
		{change(4, lose), 2, "part 3 of 3"},
		{change(4, cut), 2, "ends too early"},
		{change(3, clear), 3, "ends too early"},
		{change(5, cut), 5, "a commit of 15 bytes"},
	} {
		var damaged *DamagedError
		err := r.recoverFrom(c.log)
		require.ErrorAs(t, err, &damaged)
		require.Equal(t, c.sequence, damaged.Sequence)
		require.ErrorContains(t, err, c.why)
	}
}

func TestRecordsThatContradictEachOtherAreDamage(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.begin(1)
	r.put("dog", "1")
	r.stage()
	r.put("dog", "2")
	r.stage()
	r.record(1)
	require.ErrorContains(t, r.recoverFrom(r.log), "contradicts record 2")
}

func TestWhatOthersStageIsPassedOver(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.begin(1)
	r.append(changelog.Staged, []byte("a sink's"))
	r.append(changelog.Staged, nil)
	r.put("dog", "1")
	r.stage()
	r.record(1)
	r.open(1)
	require.Equal(t, "1", r.seen("dog"))
}

// A partition that has missed something goes on from where its store is.
func TestAGapIsFilledFromTheLog(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		r := newRig(t, 1, Options{})
		r.store = func() Store { return s }
		r.open(1)
		r.batch("dog", "1", "cat", "1")
		reads := uint64(math.MaxUint64)
		p := r.partitions[0]
		p.o.Log = holed{Log: r.log, record: func(c *changelog.Record) bool { reads = min(reads, c.Sequence); return true }}
		require.NoError(t, p.Begin(2, r.attempt, 0))
		r.put("dog", "2")
		r.stage()
		sequence := r.record(2)
		p.Abort()
		require.ErrorIs(t, p.Commit(2, r.attempt, sequence), ErrGap)
		needed := p.needed()
		require.Greater(t, needed, uint64(2))
		r.fence()
		r.recover()
		require.Equal(t, "2", r.seen("dog"))
		require.Equal(t, "1", r.seen("cat"))
		require.Equal(t, needed, reads)
	})
}

func TestAFileOfAnotherLifeOfTheStateIsFilledAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	r := newRig(t, 1, Options{})
	r.store = func() Store { return reopen(t, path) }
	r.open(1)
	r.batch("dog", "1")
	require.NoError(t, r.partitions[0].store.Close())
	r.log, r.txid = changelog.Memory(), 0 // the state was dropped
	for range 2 {
		r.store = Memory
		r.open(1)
		r.batch("cat", "1")
		r.store = func() Store { return reopen(t, path) }
		r.open(1)
		require.Equal(t, "-", r.seen("dog"))
		require.Equal(t, "1", r.seen("cat"))
		require.NoError(t, r.partitions[0].store.Close())
	}
}
