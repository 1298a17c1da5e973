package offline_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/commit"
	"github.com/galestream/gale/trident/offline"
	"github.com/galestream/gale/trident/state"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// writer keeps a state of several partitions, as a topology does.
type writer struct {
	t       require.TestingT
	ctx     context.Context
	log     changelog.Log
	parts   []*state.Partition
	attempt uint64
	txid    uint64
	now     int64 // of batches, in ms
	ttl     time.Duration
	model   map[string]int64 // what is committed
}

func newWriter(t require.TestingT, ctx context.Context, ttl time.Duration) *writer { //nolint:revive // who tests comes first
	w := &writer{t: t, ctx: ctx, log: changelog.Memory(), now: 1, ttl: ttl, model: map[string]int64{}}
	require.NoError(t, state.PutDescription(ctx, w.log, "counts", state.Description{Kind: "map", Keys: "string", Values: "int64", TTL: ttl}))
	return w
}

// begin begins an attempt with so many partitions.
func (w *writer) begin(partitions int) {
	var err error
	w.attempt, err = w.log.Fence(w.ctx, nil)
	require.NoError(w.t, err)
	w.parts = nil
	for i := range partitions {
		p, err := state.OpenPartition(state.Options{Name: "counts", Index: i, Partitions: partitions, Log: w.log, Store: state.Memory(), SnapshotBytes: 1, SnapshotFactor: 0.1, TTL: w.ttl,
			Commit: func(b []byte) (uint64, uint64, error) {
				r, err := commit.DecodeRecord(b)
				return uint64(r.TxID), uint64(r.Attempt), err
			}})
		require.NoError(w.t, err)
		_, err = p.Recover(w.ctx)
		require.NoError(w.t, err)
		w.parts = append(w.parts, p)
	}
}

// batch stages changes, and commits them or not.
func (w *writer) batch(changes map[string]int64, commits bool) {
	for _, p := range w.parts {
		require.NoError(w.t, p.Begin(w.txid+1, w.attempt, w.now))
	}
	for key, n := range changes {
		p := w.parts[state.Owner(state.Group(key), len(w.parts))]
		if n == 0 {
			require.NoError(w.t, p.Delete(key))
		} else {
			require.NoError(w.t, p.Put(key, number(n)))
		}
	}
	for _, p := range w.parts {
		for _, payload := range p.Staged() {
			w.append(changelog.Staged, payload)
		}
	}
	if !commits {
		for _, p := range w.parts {
			p.Abort()
		}
		w.begin(len(w.parts))
		return
	}
	w.txid++
	sequence := w.append(changelog.Commit, commit.AppendRecord(nil, commit.Record{TxID: commit.TxID(w.txid), Attempt: commit.Attempt(w.attempt), Time: w.now}))
	for _, p := range w.parts {
		require.NoError(w.t, p.Commit(w.txid, w.attempt, sequence))
	}
	for key, n := range changes {
		if w.model[key] = n; n == 0 {
			delete(w.model, key)
		}
	}
}

// number is n as codec encodes it.
func number(n int64) []byte { return []byte{byte(n << 1)} }

func (w *writer) append(kind changelog.Kind, payload []byte) uint64 {
	sequence, err := w.log.Append(w.ctx, w.attempt, kind, payload)
	require.NoError(w.t, err)
	return sequence
}

// snapshots stores what is due, and trims the log as far as all can do without.
func (w *writer) snapshots() {
	for _, p := range w.parts {
		for {
			s, err := p.NextSnapshot()
			require.NoError(w.t, err)
			if s == nil {
				break
			}
			require.NoError(w.t, w.log.PutSnapshot(w.ctx, s.Name, s.Data))
			s.Done(nil)
		}
	}
	least := slices.MinFunc(w.parts, func(a, b *state.Partition) int { return cmp.Compare(a.Base(), b.Base()) })
	require.NoError(w.t, w.log.Trim(w.ctx, least.Base()))
}

// Whatever was committed, snapshot, trimmed and spread anew: a value is that of the last commit.
func TestAValueIsThatOfTheLastCommit(t *testing.T) {
	trimmed := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := newWriter(rt, t.Context(), 0)
		w.begin(rapid.IntRange(1, 5).Draw(rt, "partitions"))
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0:
				w.begin(rapid.IntRange(1, 5).Draw(rt, "partitions"))
			case 1:
				w.snapshots()
			default:
				key := rapid.Map(rapid.IntRange(0, 40), strconv.Itoa)
				w.batch(rapid.MapOfN(key, rapid.Int64Range(0, 60), 1, 10).Draw(rt, "changes"), rapid.IntRange(0, 9).Draw(rt, "commits") > 0)
			}
		}
		if first, _, err := w.log.Bounds(w.ctx); err == nil && first > 1 {
			trimmed++
		}
		w.compare()
	})
	if !testing.Short() { // then there are too few to be sure
		require.Positive(t, trimmed, "logs that were read from snapshots alone")
	}
}

// reading is a log that nothing may be written to.
type reading struct{ changelog.Log }

func (reading) PutSnapshot(context.Context, string, []byte) error { return changelog.ErrReadOnly }

func (reading) Trim(context.Context, uint64) error { return changelog.ErrReadOnly }

func TestNothingIsWrittenWhereAStateHasNotBegun(t *testing.T) {
	w := newWriter(t, t.Context(), 0)
	w.compare()
}

func (w *writer) compare() {
	log := reading{w.log}
	for n := range 41 {
		key := strconv.Itoa(n)
		v, err := offline.Lookup(w.ctx, log, "counts", key)
		require.NoError(w.t, err)
		want, found := w.model[key]
		require.Equal(w.t, found, v.Found, key)
		require.Equal(w.t, w.txid, v.TxID)
		if found {
			require.Equal(w.t, strconv.FormatInt(want, 10), string(v.JSON))
		}
	}
	for _, size := range []uint64{0, 2 * offline.PassBytes} {
		all, err := offline.Overview(w.ctx, log, size)
		require.NoError(w.t, err)
		require.EqualValues(w.t, len(w.model), all[0].Keys)
	}
}
