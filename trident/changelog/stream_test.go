package changelog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAReadOutlivesARestartOfNATS(t *testing.T) {
	r := newRig(t)
	l := r.log("restart", changelog.Options{Timeout: time.Second})
	attempt := fence(t, l, "")
	payload := strings.Repeat("x", 100<<10)
	const records = 300
	for range records - 1 {
		add(t, l, attempt, changelog.Staged, payload)
	}
	next := uint64(1)
	err := l.Read(t.Context(), 0, 0, func(rec changelog.Record) error {
		require.Equal(t, next, rec.Sequence)
		if next++; next == 20 {
			r.stop()
			r.start()
		}
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, records+1, next)
	got, err := l.LastFence(t.Context())
	require.NoError(t, err)
	require.Equal(t, attempt, got.Sequence)
}

// Appends that meet a restart: a staged one is tried again, a commit is not.
func TestAppendsWhileNATSIsAway(t *testing.T) {
	r := newRig(t)
	l := r.log("away", changelog.Options{Timeout: time.Second})
	attempt := fence(t, l, "")
	r.stop()
	staged := make(chan error, 1)
	go func() {
		_, err := l.Append(t.Context(), attempt, changelog.Staged, []byte("patient"))
		staged <- err
	}()
	_, err := l.Append(t.Context(), attempt, changelog.Commit, []byte("once"))
	require.ErrorIs(t, err, changelog.ErrUnknown)
	require.NotErrorIs(t, err, changelog.ErrFenced)
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = l.Append(short, attempt, changelog.Staged, []byte("short of time"))
	require.ErrorIs(t, err, changelog.ErrUnknown)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = l.LastCommit(short)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	select {
	case err := <-staged:
		require.Fail(t, "it did not wait", "%v", err)
	default:
	}
	r.start()
	require.NoError(t, <-staged)
	next := fence(t, l, "")
	got, err := l.LastCommit(t.Context())
	require.NoError(t, err)
	require.Equal(t, changelog.Record{}, got, "the commit never came to be")
	for _, e := range read(t, l, 2, next-1) {
		require.Equal(t, changelog.Staged, e.kind)
	}
}

func TestCloseEndsWhatWaitsForNATS(t *testing.T) {
	r := newRig(t)
	l := r.log("closed", changelog.Options{Timeout: time.Second})
	attempt := fence(t, l, "")
	r.stop()
	began, staged := make(chan struct{}), make(chan error, 1)
	go func() {
		close(began)
		_, err := l.Append(context.Background(), attempt, changelog.Staged, nil)
		staged <- err
	}()
	<-began
	require.NoError(t, l.Close())
	err := <-staged
	require.True(t, errors.Is(err, changelog.ErrClosed) || errors.Is(err, changelog.ErrUnknown), "%v", err)
	r.start()
}

// Whatever deletes a record out of the middle, a reader is told.
func TestAMissingRecordIsNamed(t *testing.T) {
	r := newRig(t)
	js := r.js()
	for _, missing := range []uint64{2, 3, 10} { // the first of the rest, one in the middle, the last
		topology := fmt.Sprint("gap", missing)
		l := r.log(topology, changelog.Options{Timeout: time.Second})
		attempt := fence(t, l, "")
		for range 8 {
			add(t, l, attempt, changelog.Staged, "x")
		}
		add(t, l, attempt, changelog.Commit, "c")
		s, err := js.Stream(t.Context(), "GALE_STATE_"+topology)
		require.NoError(t, err)
		require.NoError(t, s.DeleteMsg(t.Context(), missing))
		seen := uint64(0)
		err = l.Read(t.Context(), 0, 0, func(rec changelog.Record) error { seen = rec.Sequence; return nil })
		var damage *changelog.DamagedError
		require.ErrorAs(t, err, &damage)
		require.Equal(t, changelog.DamagedError{Log: "stream GALE_STATE_" + topology, Sequence: missing, Reason: "it is missing"}, *damage)
		require.Equal(t, missing-1, seen)
		require.Len(t, read(t, l, 0, missing-1), int(missing-1), "what lies before it can be read")
		if missing == 10 {
			_, err = l.LastCommit(t.Context())
			require.ErrorAs(t, err, &damage, "an older commit is not the last")
			require.EqualValues(t, 10, damage.Sequence)
		}
	}
}

// blocks has f change the files in which the server keeps the messages of a stream.
func (r *rig) blocks(stream string, f func(path string)) {
	r.t.Helper()
	paths, err := filepath.Glob(filepath.Join(r.dir, "jetstream", "*", "streams", stream, "msgs", "*.blk"))
	require.NoError(r.t, err)
	require.NotEmpty(r.t, paths)
	for _, path := range paths {
		f(path)
	}
}

func TestDamageInTheFilesOfNATSIsNamed(t *testing.T) {
	r := newRig(t)
	l := r.log("damage", changelog.Options{Timeout: time.Second})
	attempt := fence(t, l, "")
	for range 5 {
		add(t, l, attempt, changelog.Staged, "whole")
	}
	add(t, l, attempt, changelog.Staged, "spoiled record")
	add(t, l, attempt, changelog.Commit, "after")
	r.stop()
	r.blocks("GALE_STATE_damage", func(path string) { spoil(t, path, "spoiled record") })
	r.start()
	var damage *changelog.DamagedError
	err := l.Read(t.Context(), 0, 0, func(rec changelog.Record) error {
		require.NotContains(t, string(rec.Payload), "poiled")
		return nil
	})
	require.ErrorAs(t, err, &damage)
	require.Equal(t, "stream GALE_STATE_damage", damage.Log)
	require.EqualValues(t, 7, damage.Sequence)
}

func TestADamagedSnapshotIsNamed(t *testing.T) {
	r := newRig(t)
	l := r.log("damage", changelog.Options{Timeout: time.Second})
	data := append(bytes.Repeat([]byte("x"), 1200<<10), []byte("spoiled snapshot")...)
	require.NoError(t, l.PutSnapshot(t.Context(), "counts/3", data))
	require.NoError(t, l.PutSnapshot(t.Context(), "counts/4", []byte("whole")))
	r.stop()
	r.blocks("OBJ_gale-state-damage", func(path string) { spoil(t, path, "spoiled snapshot") })
	r.start()
	_, err := l.Snapshot(t.Context(), "counts/3")
	var damage *changelog.DamagedError
	require.ErrorAs(t, err, &damage)
	require.Equal(t, "counts/3", damage.Snapshot)
	got, err := l.Snapshot(t.Context(), "counts/4")
	require.NoError(t, err)
	require.Equal(t, "whole", string(got))
	require.NoError(t, l.PutSnapshot(t.Context(), "counts/3", data), "a new one takes its place")
	got, err = l.Snapshot(t.Context(), "counts/3")
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
}

// TestAReadOfASnapshotThatIsCalledOffIsNoDamage calls one off at any moment of it.
func TestAReadOfASnapshotThatIsCalledOffIsNoDamage(t *testing.T) {
	r := newRig(t)
	l := r.log("off", changelog.Options{})
	require.NoError(t, l.PutSnapshot(t.Context(), "x", bytes.Repeat([]byte("x"), 3<<20)))
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Duration(i)*50*time.Microsecond, cancel)
		_, err := l.Snapshot(ctx, "x")
		timer.Stop()
		cancel()
		var damage *changelog.DamagedError
		require.False(t, errors.As(err, &damage), "after %d x 50 us: %v", i, err)
	}
}

// What the server does not see: a chunk whose bytes are others.
func TestAForgedSnapshotIsRefused(t *testing.T) {
	r := newRig(t)
	l, js := r.log("forged", changelog.Options{}), r.js()
	require.NoError(t, l.PutSnapshot(t.Context(), "x", []byte("data")))
	s, err := js.Stream(t.Context(), "OBJ_gale-state-forged")
	require.NoError(t, err)
	chunk, err := s.GetMsg(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "data", string(chunk.Data))
	require.NoError(t, s.Purge(t.Context(), jetstream.WithPurgeSubject(chunk.Subject)))
	_, err = js.Publish(t.Context(), chunk.Subject, []byte("dada"))
	require.NoError(t, err)
	_, err = l.Snapshot(t.Context(), "x")
	var damage *changelog.DamagedError
	require.ErrorAs(t, err, &damage)
	require.Equal(t, changelog.DamagedError{Log: "OBJ_gale-state-forged", Snapshot: "x", Reason: "its checksum is wrong"}, *damage)
}

// A server that comes back with an older state has lost what it acknowledged.
func TestALogThatHasLostItsEndIsDamaged(t *testing.T) {
	r := newRig(t)
	l := r.log("older", changelog.Options{Timeout: time.Second})
	attempt := fence(t, l, "")
	add(t, l, attempt, changelog.Commit, "kept")
	r.stop()
	older := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(older, os.DirFS(r.dir)))
	r.start()
	add(t, l, attempt, changelog.Staged, "lost")
	add(t, l, attempt, changelog.Commit, "lost")
	r.stop()
	r.dir = older
	r.start()
	var damage *changelog.DamagedError
	_, err := l.LastCommit(t.Context())
	require.ErrorAs(t, err, &damage)
	require.EqualValues(t, 3, damage.Sequence)
	_, _, err = l.Bounds(t.Context())
	require.ErrorAs(t, err, &damage)
	_, err = l.Append(t.Context(), attempt, changelog.Staged, nil)
	require.ErrorAs(t, err, &damage)
}

func TestAFullLogRefusesUntilItIsTrimmed(t *testing.T) {
	r := newRig(t)
	const limit = 1 << 20
	l := r.log("full", changelog.Options{MaxBytes: limit})
	attempt, payload := fence(t, l, ""), strings.Repeat("x", 100<<10)
	commit := add(t, l, attempt, changelog.Commit, "c")
	last, err := commit, error(nil)
	for n := uint64(0); err == nil; n, err = l.Append(t.Context(), attempt, changelog.Staged, []byte(payload)) {
		last = max(last, n)
		require.Less(t, last, uint64(20))
	}
	require.ErrorIs(t, err, changelog.ErrFull)
	require.NotErrorIs(t, err, changelog.ErrUnknown)
	require.Len(t, read(t, l, 0, 0), int(last), "nothing was dropped for it")
	attempt = fence(t, l, strings.Repeat("n", 50<<10))
	require.NoError(t, l.Trim(t.Context(), last))
	add(t, l, attempt, changelog.Staged, payload)
	s, err := r.js().Stream(t.Context(), "GALE_STATE_full")
	require.NoError(t, err)
	require.EqualValues(t, limit, s.CachedInfo().Config.MaxBytes)
	require.Equal(t, jetstream.DiscardNew, s.CachedInfo().Config.Discard)
	require.NoError(t, r.log("full", changelog.Options{}).Close())
	s, err = r.js().Stream(t.Context(), "GALE_STATE_full")
	require.NoError(t, err)
	require.EqualValues(t, limit, s.CachedInfo().Config.MaxBytes, "options that say nothing change nothing")
}

func TestTrimmedRecordsLeaveTheStream(t *testing.T) {
	r := newRig(t)
	l := r.log("trim", changelog.Options{})
	attempt := fence(t, l, "")
	for range 10 {
		for range 10 {
			add(t, l, attempt, changelog.Staged, "s")
		}
		require.NoError(t, l.Trim(t.Context(), add(t, l, attempt, changelog.Commit, "c")))
	}
	s, err := r.js().Stream(t.Context(), "GALE_STATE_trim")
	require.NoError(t, err)
	require.EqualValues(t, 3, s.CachedInfo().State.Msgs, "a fence, a commit and the floor")
}

func TestLogsAreListedAndRemoved(t *testing.T) {
	r := newRig(t)
	js := r.js()
	for _, topology := range []string{"b", "a.b", "a-b", "a_d", "a_b"} {
		l := r.log(topology, changelog.Options{})
		fence(t, l, "")
		require.NoError(t, l.PutSnapshot(t.Context(), "x", nil))
	}
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"other.>"}})
	require.NoError(t, err)
	got, err := changelog.List(t.Context(), js)
	require.NoError(t, err)
	require.Equal(t, []string{"a-b", "a.b", "a_b", "a_d", "b"}, got)
	require.NoError(t, changelog.Remove(t.Context(), js, "a.b"))
	require.NoError(t, changelog.Remove(t.Context(), js, "a.b"))
	got, err = changelog.List(t.Context(), js)
	require.NoError(t, err)
	require.Equal(t, []string{"a-b", "a_b", "a_d", "b"}, got)
	l := r.log("a.b", changelog.Options{})
	require.Empty(t, read(t, l, 0, 0))
	_, err = l.Snapshot(t.Context(), "x")
	require.ErrorIs(t, err, changelog.ErrNoSnapshot)
}

func TestNoTwoTopologiesHaveTheSameSubjects(t *testing.T) {
	name := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		p, _, err := changelog.Permissions(a, "_INBOX")
		require.NoError(t, err)
		q, _, err := changelog.Permissions(b, "_INBOX")
		require.NoError(t, err)
		require.Equal(t, a == b, p[0] == q[0])
	})
	for _, bad := range []string{"", "a b", "a*", "a>", "ä", strings.Repeat(".", 128)} {
		_, _, err := changelog.Permissions(bad, "_INBOX")
		require.Error(t, err, "%q", bad)
	}
}
