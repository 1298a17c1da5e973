package changelog_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// onlooker is a user who has what ReadPermissions says.
func onlooker(t *testing.T, topology string) *server.User {
	t.Helper()
	publish, subscribe, err := changelog.ReadPermissions(topology, "_INBOX_look")
	require.NoError(t, err)
	return &server.User{Username: "onlooker", Password: "pw", Permissions: &server.Permissions{
		Publish: &server.SubjectPermission{Allow: publish}, Subscribe: &server.SubjectPermission{Allow: subscribe},
	}}
}

// look returns a connection of the onlooker's, whose every denial fails the test.
func (r *rig) look(t *testing.T) *nats.Conn {
	t.Helper()
	return r.connect(nats.UserInfo("onlooker", "pw"), nats.CustomInboxPrefix("_INBOX_look"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		t.Errorf("something was tried that is not listed: %v", err)
	}))
}

func TestALogIsReadWithTheRightToReadAlone(t *testing.T) {
	r := newRig(t, onlooker(t, "own.one"), &server.User{Username: "admin", Password: "pw"})
	written, err := changelog.JetStream(t.Context(), r.connect(nats.UserInfo("admin", "pw")), "own.one", changelog.Options{})
	require.NoError(t, err)
	defer written.Close()
	l, err := changelog.ReadJetStream(t.Context(), r.look(t), "own.one", changelog.Options{})
	require.NoError(t, err)
	defer l.Close()
	require.Empty(t, read(t, l, 0, 0))

	attempt := fence(t, written, "me")
	for i := range 100 {
		add(t, written, attempt, changelog.Staged, strconv.Itoa(i))
	}
	commit := add(t, written, attempt, changelog.Commit, "c")
	add(t, written, attempt, changelog.Staged, "not committed")
	data := bytes.Repeat([]byte("x"), 600<<10)
	require.NoError(t, written.PutSnapshot(t.Context(), "a/b", data))
	require.NoError(t, written.Trim(t.Context(), 20))
	require.Equal(t, read(t, written, 0, 0), read(t, l, 0, 0))
	require.Equal(t, read(t, written, 30, 40), read(t, l, 30, 40))
	require.ErrorIs(t, l.Read(t.Context(), 3, 0, func(changelog.Record) error { return nil }), changelog.ErrGone)
	last, err := l.LastCommit(t.Context())
	require.NoError(t, err)
	require.Equal(t, commit, last.Sequence)
	begun, err := l.LastFence(t.Context())
	require.NoError(t, err)
	require.Equal(t, "me", string(begun.Payload))
	got, err := l.Snapshot(t.Context(), "a/b")
	require.NoError(t, err)
	require.Equal(t, data, got)
	size, err := l.Size(t.Context())
	require.NoError(t, err)
	require.Greater(t, size, uint64(len(data)))
	names, err := l.Snapshots(t.Context(), "a/")
	require.NoError(t, err)
	require.Equal(t, []string{"a/b"}, names)
}

func TestALogThatIsOpenForReadingWritesNothing(t *testing.T) {
	r := newRig(t)
	written := r.log("own", changelog.Options{})
	attempt := fence(t, written, "")
	l, err := changelog.ReadJetStream(t.Context(), r.connect(), "own", changelog.Options{})
	require.NoError(t, err)
	_, err = l.Fence(t.Context(), nil)
	require.ErrorIs(t, err, changelog.ErrReadOnly)
	_, err = l.FenceAfter(t.Context(), attempt, nil)
	require.ErrorIs(t, err, changelog.ErrReadOnly)
	_, err = l.Append(t.Context(), attempt, changelog.Staged, nil)
	require.ErrorIs(t, err, changelog.ErrReadOnly)
	require.ErrorIs(t, l.Trim(t.Context(), 1), changelog.ErrReadOnly)
	require.ErrorIs(t, l.PutSnapshot(t.Context(), "x", nil), changelog.ErrReadOnly)
	require.Len(t, read(t, l, 0, 0), 1)
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Read(t.Context(), 0, 0, nil), changelog.ErrClosed)
}

func TestALogThatIsNotThereIsNotMadeToBeRead(t *testing.T) {
	r := newRig(t)
	_, err := changelog.ReadJetStream(t.Context(), r.connect(), "own", changelog.Options{})
	require.ErrorIs(t, err, changelog.ErrNoLog)
	_, err = changelog.ReadJetStream(t.Context(), r.connect(), "", changelog.Options{})
	require.ErrorContains(t, err, "can't have a log")
	left, err := changelog.List(t.Context(), r.js())
	require.NoError(t, err)
	require.Empty(t, left)

	fence(t, r.log("own", changelog.Options{}), "")
	require.NoError(t, r.js().DeleteStream(t.Context(), "OBJ_gale-state-own"))
	_, err = changelog.ReadJetStream(t.Context(), r.connect(), "own", changelog.Options{})
	damage := new(changelog.DamagedError)
	require.ErrorAs(t, err, &damage)
	require.Equal(t, "OBJ_gale-state-own", damage.Log)
}

func TestARecordThatIsMissingIsNamedToOneWhoOnlyReads(t *testing.T) {
	r := newRig(t)
	written := r.log("own", changelog.Options{})
	attempt := fence(t, written, "")
	for range 50 {
		add(t, written, attempt, changelog.Staged, "s")
	}
	stream, err := r.js().Stream(t.Context(), "GALE_STATE_own")
	require.NoError(t, err)
	require.NoError(t, stream.DeleteMsg(t.Context(), 40))
	l, err := changelog.ReadJetStream(t.Context(), r.connect(), "own", changelog.Options{})
	require.NoError(t, err)
	defer l.Close()
	seen := 0
	err = l.Read(t.Context(), 0, 0, func(changelog.Record) error { seen++; return nil })
	damage := new(changelog.DamagedError)
	require.ErrorAs(t, err, &damage)
	require.EqualValues(t, 40, damage.Sequence)
	require.Equal(t, 39, seen)
}

// A reader without consumers waits out a restart of NATS as another does.
func TestAReadWithoutConsumersOutlivesARestartOfNATS(t *testing.T) {
	r := newRig(t)
	written := r.log("own", changelog.Options{})
	attempt := fence(t, written, "")
	for range 200 {
		add(t, written, attempt, changelog.Staged, "s")
	}
	l, err := changelog.ReadJetStream(t.Context(), r.connect(), "own", changelog.Options{Timeout: 300 * time.Millisecond})
	require.NoError(t, err)
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	next := uint64(1)
	require.NoError(t, l.Read(ctx, 0, 0, func(c changelog.Record) error {
		require.Equal(t, next, c.Sequence)
		if next++; c.Sequence == 50 {
			r.stop()
			r.start()
		}
		return nil
	}))
	require.EqualValues(t, 202, next)
}
