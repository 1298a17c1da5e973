package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/trident/changelog"
)

// eager are options with which each cycle follows the one before.
var eager = Options{SnapshotBytes: 1, SnapshotFactor: 1e-9}

// fill does a batch of n keys.
func (r *rig) fill(n int, value string) {
	var kv []string
	for i := range n {
		kv = append(kv, fmt.Sprintf("key %d", i), value)
	}
	r.batch(kv...)
}

func (r *rig) has(n int, value string) {
	r.t.Helper()
	for i := range n {
		require.Equal(r.t, value, r.seen(fmt.Sprintf("key %d", i)), "key %d", i)
	}
}

func TestTheLogMayBeTrimmedOnceSnapshotsAreStoredTwice(t *testing.T) {
	r := newRig(t, 1, eager)
	r.fill(500, "1")
	require.Len(t, r.snapshots(), Slices)
	require.Equal(t, uint64(1), r.trim(), "one snapshot may be overwritten by a late writer")
	base := r.partitions[0].needed()
	r.fill(500, "2")
	require.Len(t, r.snapshots(), Slices)
	require.Equal(t, base, r.trim())
	r.fill(100, "3")
	r.open(1)
	r.has(100, "3")
	require.Equal(t, "2", r.seen("key 499"))
}

func TestTheNumberOfPartitionsMayChange(t *testing.T) {
	r := newRig(t, 1, eager)
	for i, partitions := range []int{1, 4, 3, 100, 2, 300, 1} {
		r.open(partitions)
		if i > 0 {
			r.has(700, fmt.Sprint(i-1, "b"))
		}
		r.fill(700, fmt.Sprint(i))
		r.snapshots()
		r.fill(700, fmt.Sprint(i, "a"))
		r.snapshots()
		r.trim()
		r.fill(700, fmt.Sprint(i, "b"))
	}
	first, _, err := r.log.Bounds(t.Context())
	require.NoError(t, err)
	require.Greater(t, first, uint64(1000), "it was trimmed")
	names, err := r.log.Snapshots(t.Context(), "counts/")
	require.NoError(t, err)
	require.LessOrEqual(t, len(names), slots*(Slices+Groups)+1, "there are only so many names")
}

// A task that was given up for dead still stores a snapshot that it made long ago.
func TestALateWriterOfASnapshotLosesNothing(t *testing.T) {
	r := newRig(t, 1, eager)
	r.fill(500, "1")
	r.snapshots()
	r.fill(500, "2")
	var late []*Snapshot
	for range Slices {
		s, err := r.partitions[0].NextSnapshot()
		require.NoError(t, err)
		late = append(late, s)
		s.p.cycle.out = nil // it is under way
	}
	for i := range 4 {
		r.open(1)
		r.has(500, fmt.Sprint(i+2))
		r.fill(500, fmt.Sprint(i+3))
		r.snapshots()
		r.trim()
		for _, s := range late {
			require.NoError(t, r.log.PutSnapshot(t.Context(), s.Name, s.Data))
		}
	}
	r.open(1)
	r.has(500, "6")
}

// A later batch stages before an earlier one is committed: the log is needed from there, not from the last commit.
func TestASnapshotInThePipelineKeepsWhatWasStagedBefore(t *testing.T) {
	r := newRig(t, 1, eager)
	r.begin(1)
	for i := uint64(2); i <= 20; i++ {
		r.begin(i)
		r.put("dog", fmt.Sprint(i))
		r.stage()
		r.announce(r.record(i - 1))
		r.partitions[0].cycle.staged = 1
		r.snapshots()
		r.trim()
	}
	r.record(20) // nobody hears of it
	r.open(1)
	require.Equal(t, "20", r.seen("dog"))
}

// An attempt fails here, and had been committed all the same.
func TestAnAbortedBatchThatWasCommittedIsStillInTheLog(t *testing.T) {
	r := newRig(t, 1, eager)
	r.fill(300, "1")
	r.begin(2)
	r.put("dog", "2")
	r.stage()
	p := r.partitions[0]
	p.Abort()
	require.NoError(t, p.Begin(2, r.attempt+1, 0))
	p.Abort()
	for range 2 { // what it stores now needs the log from before batch 2 was staged
		p.cycle.staged = 1
		r.snapshots()
	}
	r.trim()
	r.record(2)
	r.open(1)
	require.Equal(t, "2", r.seen("dog"))
}

func TestASnapshotThatIsNotStoredIsHandedOutAgain(t *testing.T) {
	r := newRig(t, 1, eager)
	p := r.partitions[0]
	r.fill(100, "1")
	s, err := p.NextSnapshot()
	require.NoError(t, err)
	again, err := p.NextSnapshot()
	require.NoError(t, err)
	require.Nil(t, again, "one at a time")
	s.Done(errors.New("no connection"))
	again, err = p.NextSnapshot()
	require.NoError(t, err)
	require.Same(t, s, again)
	again.Done(nil)
	require.Equal(t, []*unit{{}}, []*unit{{p.cycle.units[s.unit][1]}})
	require.Equal(t, uint64(1), p.cycle.units[s.unit][0].txid)
}

func TestSnapshotsWaitUntilEnoughHasChanged(t *testing.T) {
	r := newRig(t, 1, Options{SnapshotBytes: 10_000, SnapshotFactor: 2})
	for i := range 9 {
		r.fill(100, fmt.Sprint(i)) // 1,000 bytes or so
		require.Empty(t, r.snapshots(), "batch %d", i)
	}
	r.fill(300, "9")
	require.Len(t, r.snapshots(), Slices)
	r.fill(2000, "0") // 20 KB: the state is now that large
	require.Empty(t, r.snapshots())
	r.fill(2000, "1")
	require.NotEmpty(t, r.snapshots())
}

func TestAnyDamageIsNamed(t *testing.T) {
	r := newRig(t, 1, eager)
	r.fill(300, "1")
	name := r.snapshots()[7]
	data, err := r.log.Snapshot(t.Context(), name)
	require.NoError(t, err)
	for i := range data {
		data[i]++
		require.NoError(t, r.log.PutSnapshot(t.Context(), name, data))
		_, err := r.partition(0, 1, Memory()).Recover(t.Context())
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged)
		require.Equal(t, name, damaged.Snapshot)
		require.ErrorContains(t, err, "restore the log's snapshots")
		data[i]--
	}
	require.NoError(t, r.log.PutSnapshot(t.Context(), name, data))
	require.NoError(t, r.log.PutSnapshot(t.Context(), "counts/0000-0015.a", data))
	_, err = r.partition(0, 1, Memory()).Recover(t.Context())
	require.ErrorContains(t, err, "something else")
}

// holed is a log without some of what was written to it.
type holed struct {
	changelog.Log
	record   func(r *changelog.Record) bool // false: it is not there
	snapshot func(name string) bool
}

func (l holed) Read(ctx context.Context, from, through uint64, f func(changelog.Record) error) error {
	return l.Log.Read(ctx, from, through, func(r changelog.Record) error {
		if l.record != nil && !l.record(&r) {
			return nil
		}
		return f(r)
	})
}

func (l holed) Snapshot(ctx context.Context, name string) ([]byte, error) {
	if l.snapshot != nil && !l.snapshot(name) {
		return nil, changelog.ErrNoSnapshot
	}
	return l.Log.Snapshot(ctx, name)
}

func (l holed) Snapshots(ctx context.Context, prefix string) (names []string, err error) {
	all, err := l.Log.Snapshots(ctx, prefix)
	for _, name := range all {
		if l.snapshot == nil || l.snapshot(name) {
			names = append(names, name)
		}
	}
	return names, err
}

func (r *rig) recoverFrom(l changelog.Log) error {
	log := r.log
	defer func() { r.log = log }()
	r.log = l
	_, err := r.partition(0, 1, Memory()).Recover(r.t.Context())
	return err
}

func TestSnapshotsThatAreMissingAreMissed(t *testing.T) {
	r := newRig(t, 1, eager)
	for _, value := range []string{"1", "2", "3"} {
		r.fill(300, value)
		r.snapshots()
	}
	r.trim()
	for lost, why := range map[string]string{"counts/0016-0031": "is missing", "counts/birth": "is missing", "": "no snapshot of any state"} {
		err := r.recoverFrom(holed{Log: r.log, snapshot: func(name string) bool { return !strings.HasPrefix(name, lost) }})
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged, lost)
		require.ErrorContains(t, err, why)
	}
	newest := "counts/0016-0031.a"
	require.NoError(t, r.recoverFrom(holed{Log: r.log, snapshot: func(name string) bool { return name != newest }}), "the older one and the log have it all")
}

func TestANewStateInATrimmedLogIsNoDamage(t *testing.T) {
	r := newRig(t, 1, eager)
	for _, value := range []string{"1", "2", "3"} {
		r.fill(300, value)
		r.snapshots()
	}
	r.trim()
	r.options.Name = "sums"
	r.open(1)
	require.Equal(t, "-", r.seen("key 1"))
	r.batch("key 1", "7")
	r.open(2)
	require.Equal(t, "7", r.seen("key 1"))
}

func TestALogThatIsOlderThanItsSnapshotsIsDamaged(t *testing.T) {
	r := newRig(t, 1, eager)
	r.fill(300, "1")
	old := changelog.Memory()
	for _, name := range append(r.snapshots(), birthName("counts")) {
		data, err := r.log.Snapshot(t.Context(), name)
		require.NoError(t, err)
		require.NoError(t, old.PutSnapshot(t.Context(), name, data))
	}
	require.ErrorContains(t, r.recoverFrom(old), "the log's last commit is of 0")
}

func TestValuesExpireByTheTimeOfTheBatches(t *testing.T) {
	o := eager
	o.TTL = time.Second
	eachStore(t, func(t *testing.T, s Store) {
		r := newRig(t, 1, o)
		r.store = func() Store { require.NoError(t, s.Reset()); return s }
		r.open(1)
		r.batch("dog", "1", "cat", "1")
		r.now += 999
		r.batch("cat", "2")
		require.Equal(t, "1", r.seen("dog"))
		r.now++
		r.begin(3)
		require.Equal(t, "-", r.get("dog"))
		require.Equal(t, "1", r.seen("dog"), "the batch is not committed")
		r.announce(r.record(3))
		require.Equal(t, "-", r.seen("dog"))
		require.Equal(t, "2", r.seen("cat"))
		require.Equal(t, []string{"cat"}, r.scan(1000))
		keys, _ := r.partitions[0].Size()
		require.Equal(t, 2, keys)
		r.snapshots()
		keys, _ = r.partitions[0].Size()
		require.Equal(t, 1, keys, "it is dropped with the snapshot")
		r.open(1)
		require.Equal(t, "-", r.seen("dog"))
		require.Equal(t, "2", r.seen("cat"))
		r.now += 999
		r.batch()
		require.Equal(t, "-", r.seen("cat"), "its time is kept in the snapshot")
	})
}

func TestAPipelinesValuesExpireToo(t *testing.T) {
	r := newRig(t, 1, Options{TTL: time.Second})
	r.begin(1)
	r.put("dog", "1")
	r.now += 1000
	r.begin(2)
	require.Equal(t, "-", r.get("dog"))
}

func TestATTLMayComeAndGo(t *testing.T) {
	for _, stored := range []bool{false, true} {
		r := newRig(t, 1, eager)
		r.batch("dog", "1")
		for _, ttl := range []time.Duration{time.Second, 0, time.Minute} {
			if stored {
				r.partitions[0].cycle.staged = 1
				r.snapshots()
			}
			r.options.TTL = ttl
			r.open(1)
			require.Equal(t, "1", r.seen("dog"), "%v", ttl)
		}
		r.now += 60_000
		r.batch()
		require.Equal(t, "-", r.seen("dog"))
	}
}

// scan reads all keys of the first partition, so many at a time.
func (r *rig) scan(limit int) (keys []string) {
	for after := ""; ; {
		n := len(keys)
		require.NoError(r.t, r.partitions[0].Scan(after, limit, func(key string, _ []byte) bool { keys = append(keys, key); return true }))
		if len(keys) == n {
			return keys
		}
		require.LessOrEqual(r.t, len(keys)-n, limit)
		after = keys[len(keys)-1]
	}
}

func TestAScanByPagesSeesEachKeyOnce(t *testing.T) {
	r := newRig(t, 1, Options{})
	r.fill(500, "1")
	all := r.scan(1 << 20)
	require.Len(t, all, 500)
	require.Equal(t, all, r.scan(7))
	require.Equal(t, all, r.scan(1))
	n := 0
	require.NoError(t, r.partitions[0].Scan("", 100, func(string, []byte) bool { n++; return n < 3 }))
	require.Equal(t, 3, n)
}
