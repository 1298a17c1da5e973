package changelog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// limited is a user who has what Permissions says, save one subject when it is given.
func limited(t *testing.T, topology, inbox, save string) *server.User {
	t.Helper()
	publish, subscribe, err := changelog.Permissions(topology, inbox)
	require.NoError(t, err)
	kept := []string{}
	for _, subject := range publish {
		if subject != save {
			kept = append(kept, subject)
		}
	}
	return &server.User{Username: "limited", Password: "pw", Permissions: &server.Permissions{
		Publish: &server.SubjectPermission{Allow: kept}, Subscribe: &server.SubjectPermission{Allow: subscribe},
	}}
}

// use does with a log all that may be done.
func use(ctx context.Context, nc *nats.Conn, topology string) error {
	l, err := changelog.JetStream(ctx, nc, topology, changelog.Options{Timeout: 300 * time.Millisecond})
	if err != nil {
		return err
	}
	defer l.Close()
	data := bytes.Repeat([]byte("x"), 600<<10)
	var attempt uint64
	for range 2 {
		if attempt, err = l.Fence(ctx, nil); err != nil {
			return err
		}
		for _, kind := range []changelog.Kind{changelog.Staged, changelog.Commit} {
			if _, err := l.Append(ctx, attempt, kind, nil); err != nil {
				return err
			}
		}
		if err := l.PutSnapshot(ctx, "a/b", data); err != nil {
			return err
		}
	}
	if _, err := l.LastCommit(ctx); err != nil {
		return err
	}
	seen := 0
	if err := l.Read(ctx, 0, 0, func(changelog.Record) error { seen++; return nil }); err != nil || seen != 6 {
		return fmt.Errorf("%d records: %w", seen, err)
	}
	if got, err := l.Snapshot(ctx, "a/b"); err != nil || !bytes.Equal(got, data) {
		return fmt.Errorf("%d bytes: %w", len(got), err)
	}
	if names, err := l.Snapshots(ctx, ""); err != nil || len(names) != 1 {
		return fmt.Errorf("%q: %w", names, err)
	}
	if err := l.Trim(ctx, attempt); err != nil {
		return err
	}
	_, err = changelog.JetStream(ctx, nc, topology, changelog.Options{MaxBytes: 1 << 30})
	return err
}

// await returns what comes, and fails the test when nothing does.
func await[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case x := <-c:
		return x
	case <-time.After(guard):
		require.FailNow(t, "waited in vain", "for %s", what)
		panic("unreachable")
	}
}

func (r *rig) asLimited(inbox string) *nats.Conn {
	return r.connect(nats.UserInfo("limited", "pw"), nats.CustomInboxPrefix(inbox), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
}

func TestTheListedPermissionsAreEnough(t *testing.T) {
	r := newRig(t, limited(t, "own.one", "_INBOX_own", ""), &server.User{Username: "admin", Password: "pw"})
	denied := make(chan error, 100)
	nc := r.connect(nats.UserInfo("limited", "pw"), nats.CustomInboxPrefix("_INBOX_own"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	require.NoError(t, use(t.Context(), nc, "own.one"))
	require.NoError(t, nc.Flush())
	select {
	case err := <-denied:
		require.NoError(t, err, "something was tried that is not listed")
	default:
	}
}

func TestTheListedPermissionsReachNoOtherLog(t *testing.T) {
	r := newRig(t, limited(t, "own.one", "_INBOX_own", ""), &server.User{Username: "admin", Password: "pw"})
	admin := r.connect(nats.UserInfo("admin", "pw"))
	other, err := changelog.JetStream(t.Context(), admin, "own_one", changelog.Options{})
	require.NoError(t, err)
	defer other.Close()
	attempt := fence(t, other, "")
	require.NoError(t, other.PutSnapshot(t.Context(), "x", []byte("kept")))
	nc := r.asLimited("_INBOX_own")
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	require.Error(t, use(short, nc, "own_one"))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	for _, subject := range []string{"gale.state.own__one.fence", "gale.state.own__one.commit", "$O.gale-state-own__one.M.eA==", "$JS.API.STREAM.PURGE.GALE_STATE_own__one", "$JS.API.STREAM.DELETE.GALE_STATE_own__one"} {
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := js.Conn().RequestWithContext(short, subject, nil)
		cancel()
		require.Error(t, err, subject)
	}
	require.Equal(t, []entry{{attempt, attempt, changelog.Fence, ""}}, read(t, other, 0, 0))
	got, err := other.Snapshot(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "kept", string(got))
}

func TestNoPermissionIsListedInVain(t *testing.T) {
	publish, _, err := changelog.Permissions("own.one", "_INBOX_own")
	require.NoError(t, err)
	for _, subject := range publish {
		if strings.HasPrefix(subject, "$JS.API.STREAM.UPDATE.OBJ_") {
			continue // it is for a change of replicas
		}
		t.Run(subject, func(t *testing.T) {
			r := newRig(t, limited(t, "own.one", "_INBOX_own", subject))
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			denied := make(chan error, 100)
			nc := r.connect(nats.UserInfo("limited", "pw"), nats.CustomInboxPrefix("_INBOX_own"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				denied <- err
				cancel()
			}))
			_ = use(ctx, nc, "own.one")
			require.ErrorIs(t, await(t, denied, "a denial"), nats.ErrPermissionViolation)
		})
	}
}

// A floor that was raised by one who could not purge is purged to by the next.
func TestATrimThatWasCutShortIsTakenUp(t *testing.T) {
	r := newRig(t, limited(t, "own", "_INBOX_own", "$JS.API.STREAM.PURGE.GALE_STATE_own"), &server.User{Username: "admin", Password: "pw"})
	cut, err := changelog.JetStream(t.Context(), r.asLimited("_INBOX_own"), "own", changelog.Options{Timeout: 100 * time.Millisecond})
	require.NoError(t, err)
	defer cut.Close()
	attempt := fence(t, cut, "")
	for range 10 {
		add(t, cut, attempt, changelog.Staged, "s")
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, cut.Trim(short, 11), context.DeadlineExceeded)
	nc := r.connect(nats.UserInfo("admin", "pw"))
	l, err := changelog.JetStream(t.Context(), nc, "own", changelog.Options{})
	require.NoError(t, err)
	defer l.Close()
	require.Len(t, read(t, l, 0, 0), 1)
	require.NoError(t, l.Trim(t.Context(), 11))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), "GALE_STATE_own")
	require.NoError(t, err)
	require.EqualValues(t, 3, s.CachedInfo().State.Msgs, "the fence, one record, and the floor")
}

func TestTheEnvironmentSaysWhereLogsAre(t *testing.T) {
	for _, value := range []string{"", "memory:"} {
		t.Setenv(changelog.Variable, value)
		l, err := changelog.Environment("t")
		require.NoError(t, err)
		require.Implements(t, (*interface{ Instant() })(nil), l)
		require.NoError(t, l.Close())
	}
	folder := t.TempDir()
	t.Setenv(changelog.Variable, "folder:"+folder)
	l, err := changelog.Environment("a.b_c")
	require.NoError(t, err)
	fence(t, l, "")
	require.NoError(t, l.Close())
	require.FileExists(t, filepath.Join(folder, "a_db__c", "changelog.db"))
	_, err = changelog.Environment("../x")
	require.Error(t, err)
	for value, complaint := range map[string]string{"folder:": "has to name a folder", filepath.Join(folder, "none"): "no such file", folder: "directory"} {
		t.Setenv(changelog.Variable, value)
		_, err := changelog.Environment("t")
		require.ErrorContains(t, err, complaint)
		require.ErrorContains(t, err, "GALE_STATE="+value)
	}
}

func TestTheEnvironmentMayBeAFile(t *testing.T) {
	r := newRig(t, limited(t, "own", "_INBOX_own", ""))
	path := filepath.Join(t.TempDir(), "state.json")
	write := func(x any) {
		b, err := json.Marshal(x)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
	t.Setenv(changelog.Variable, path)
	write(map[string]any{})
	_, err := changelog.Environment("own")
	require.ErrorContains(t, err, `"url"`)
	write(map[string]any{"url": strings.Replace(r.url(), "//", "//limited:pw@", 1), "inbox": "_INBOX_own", "max_bytes": 1 << 20})
	l, err := changelog.Environment("own")
	require.NoError(t, err)
	attempt := fence(t, l, "")
	add(t, l, attempt, changelog.Commit, "c")
	require.Len(t, read(t, l, 0, 0), 2)
	require.NoError(t, l.Close())
	l, err = changelog.Environment("own")
	require.NoError(t, err)
	require.Len(t, read(t, l, 0, 0), 2)
	require.NoError(t, l.Close())
}
