package state

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// world is a state to which everything happens that may, beside a map that says what is right.
type world struct {
	*rig
	rt        *rapid.T
	layouts   []int
	committed map[string]cell
	seenAt    int64   // the time of the last committed batch
	pending   []layer // the batches that have begun
	prepared  int     // how many of them are staged
}

type layer struct {
	time    int64
	changes map[string]cell
}

type cell struct {
	value   string // "-": deleted
	written int64
}

func (c cell) at(now int64, ttl time.Duration) string {
	if c.value == "" || ttl > 0 && now-c.written >= ttl.Milliseconds() {
		return "-"
	}
	return c.value
}

func (w *world) begin(*rapid.T) {
	if len(w.pending) == 3 || len(w.pending) > w.prepared {
		w.rt.Skip("the pipeline is full, or a batch is not staged")
	}
	w.now += rapid.Int64Range(0, 400).Draw(w.rt, "ms")
	w.rig.begin(w.txid + uint64(len(w.pending)) + 1)
	w.pending = append(w.pending, layer{w.now, map[string]cell{}})
}

func (w *world) change(*rapid.T) {
	if len(w.pending) == w.prepared {
		w.rt.Skip("no batch has begun")
	}
	l := w.pending[w.prepared]
	for range rapid.IntRange(1, 20).Draw(w.rt, "changes") {
		key := fmt.Sprint("key ", rapid.IntRange(0, 40).Draw(w.rt, "key"))
		value := fmt.Sprint(rapid.IntRange(-1, 1e6).Draw(w.rt, "value"))
		if value == "-1" {
			w.delete(key)
			value = "-"
		} else {
			w.put(key, value)
		}
		l.changes[key] = cell{value, l.time}
	}
}

func (w *world) stage(*rapid.T) {
	if len(w.pending) == w.prepared {
		w.rt.Skip("no batch has begun")
	}
	w.rig.stage()
	w.prepared++
}

// decide writes a commit of some that are staged.
func (w *world) decide() uint64 {
	if w.prepared == 0 {
		w.rt.Skip("nothing is staged")
	}
	n := rapid.IntRange(1, w.prepared).Draw(w.rt, "batches")
	for _, l := range w.pending[:n] {
		maps.Copy(w.committed, l.changes)
		w.seenAt = l.time
	}
	w.pending = w.pending[n:]
	w.prepared -= n
	return w.record(w.txid + uint64(n))
}

func (w *world) commit(*rapid.T) {
	w.announce(w.decide() * rapid.Uint64Range(0, 1).Draw(w.rt, "known"))
}

// forget is that an attempt has failed.
func (w *world) forget() { w.pending, w.prepared = nil, 0 }

func (w *world) abort(*rapid.T) {
	for _, p := range w.partitions {
		p.Abort()
	}
	w.fence()
	w.forget()
}

// gap is that some do not hear of a commit in time.
func (w *world) gap(*rapid.T) {
	sequence := w.decide()
	for _, p := range w.partitions {
		if rapid.Bool().Draw(w.rt, "hears") {
			require.NoError(w.rt, p.Commit(w.txid, w.attempt, sequence))
			continue
		}
		p.Abort()
		require.ErrorIs(w.rt, p.Commit(w.txid, w.attempt, sequence), ErrGap)
	}
	w.fence()
	w.recover()
	w.forget()
}

func (w *world) crash(*rapid.T) {
	for _, p := range w.partitions {
		if d, ok := p.store.(*disk); ok {
			require.NoError(w.rt, d.release()) // what it has not written is lost
		}
	}
	w.open(rapid.SampledFrom(w.layouts).Draw(w.rt, "partitions"))
	w.forget()
}

func (w *world) lostAndCrash(rt *rapid.T) {
	w.decide()
	w.crash(rt)
}

func (w *world) snapshot(*rapid.T) {
	for _, p := range w.partitions {
		p.cycle.staged = max(p.cycle.staged, 1)
		fails := rapid.IntRange(0, 100).Draw(w.rt, "which fails")
		for i := range rapid.SampledFrom([]int{1, 10, 70, 200}).Draw(w.rt, "snapshots") {
			s, err := p.NextSnapshot()
			require.NoError(w.rt, err)
			if s == nil {
				break
			}
			require.NoError(w.rt, w.log.PutSnapshot(w.t.Context(), s.Name, s.Data))
			var outcome error
			if i == fails {
				outcome = errors.New("it is not known")
			}
			s.Done(outcome)
		}
	}
}

func (w *world) trim(*rapid.T) { w.rig.trim() }

func (w *world) check(*rapid.T) {
	w.rt.Helper()
	now := w.seenAt
	if n := len(w.pending); n > 0 {
		now = w.pending[n-1].time
	}
	for i := range 41 {
		key := fmt.Sprint("key ", i)
		newest := w.committed[key]
		require.Equal(w.rt, newest.at(w.seenAt, w.options.TTL), w.seen(key), "committed %s", key)
		for _, l := range w.pending {
			if c, ok := l.changes[key]; ok {
				newest = c
			}
		}
		require.Equal(w.rt, newest.at(now, w.options.TTL), w.get(key), "%s", key)
	}
}

func TestAStateIsWhatWasCommittedWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		onDisk := rapid.IntRange(0, 5).Draw(rt, "of which 0 is on disk") == 0
		live(t, rt, onDisk, rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(rt, "TTL"))
	})
}

func live(t *testing.T, rt *rapid.T, onDisk bool, ttl time.Duration) {
	o := eager
	o.SnapshotBytes, o.TTL = 1, ttl
	w := &world{rig: newRig(t, 1, o), rt: rt, layouts: []int{1, 1, 2, 3, 3, 100}, committed: map[string]cell{}}
	if onDisk {
		folder, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(t, err)
		w.store = func() Store {
			i := len(w.partitions)
			// It is not told how many partitions there are, so it may have the values of other groups.
			s, err := OpenDisk(filepath.Join(folder, fmt.Sprint(i)), Identity{"words", "counts", i, Groups})
			require.NoError(t, err)
			return s
		}
		w.layouts = []int{1, 1, 2}
		w.open(1)
	}
	defer func() {
		for _, p := range w.partitions {
			require.NoError(t, p.store.Close())
		}
	}()
	actions := map[string]func(*rapid.T){"begin": w.begin, "change": w.change, "stage": w.stage, "commit": w.commit, "commit 2": w.commit, "abort": w.abort, "gap": w.gap, "crash": w.crash,
		"crash unheard": w.lostAndCrash, "snapshot": w.snapshot, "trim": w.trim, "": w.check}
	rt.Repeat(actions)
}
