package security

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// names are those of topologies whose state must be kept apart.
var names = []string{"words", "a.b", "a_b", "a-b", "a_db", "A.9_-x"}

// Package auth must not know package trident/changelog, nor the other way round: here both say the same.
func TestS16CredentialsForStateAreThoseThatItsLogNeeds(t *testing.T) {
	issuer := newKeys(t).Issuer()
	for _, name := range names {
		text, err := issuer.StateCredentials(name, "W")
		require.NoError(t, err)
		token, err := jwt.ParseDecoratedJWT([]byte(text))
		require.NoError(t, err)
		claims, err := jwt.DecodeUserClaims(token)
		require.NoError(t, err)
		publish, subscribe, err := changelog.Permissions(name, cluster.WorkerInbox("W"))
		require.NoError(t, err)
		require.ElementsMatch(t, publish, claims.Pub.Allow)
		require.ElementsMatch(t, subscribe, claims.Sub.Allow)
		require.Nil(t, claims.Resp)
	}
}

func TestS16CredentialsToReadStateAreThoseThatItsLogNeeds(t *testing.T) {
	issuer := newKeys(t).Issuer()
	for _, name := range names {
		text, err := issuer.ReadCredentials(name, "R")
		require.NoError(t, err)
		token, err := jwt.ParseDecoratedJWT([]byte(text))
		require.NoError(t, err)
		claims, err := jwt.DecodeUserClaims(token)
		require.NoError(t, err)
		publish, subscribe, err := changelog.ReadPermissions(name, cluster.WorkerInbox("R"))
		require.NoError(t, err)
		require.ElementsMatch(t, publish, claims.Pub.Allow)
		require.ElementsMatch(t, subscribe, claims.Sub.Allow)
		require.Nil(t, claims.Resp)
	}
}

func newKeys(t *testing.T) *auth.Keys {
	t.Helper()
	keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	return keys
}

// A log is opened as in a worker's process, by the file that its supervisor writes.
func TestLogsAreKeptWithTheCredentialsForState(t *testing.T) {
	keys := newKeys(t)
	s, err := natsd.Start(natsd.Options{Data: t.TempDir(), Port: -1, Keys: keys})
	require.NoError(t, err)
	defer s.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, name := range names {
		log := openLog(t, keys, s.URL(), name)
		attempt, err := log.Fence(ctx, []byte(name))
		require.NoError(t, err)
		_, err = log.Append(ctx, attempt, changelog.Commit, []byte(name))
		require.NoError(t, err)
		require.NoError(t, log.PutSnapshot(ctx, "counts/1", []byte(name)))
		require.NoError(t, log.Close())
	}
	for _, name := range names {
		requireLog(ctx, t, openLog(t, keys, s.URL(), name), name)
	}
	dropper := connectState(t, keys, s.URL(), names[0])
	require.NoError(t, changelog.Remove(ctx, dropper, names[0]))
	left, err := changelog.List(ctx, appJetStream(t, keys, s.URL()))
	require.NoError(t, err)
	require.ElementsMatch(t, names[1:], left)
}

func requireLog(ctx context.Context, t *testing.T, log changelog.Log, name string) {
	t.Helper()
	last, err := log.LastCommit(ctx)
	require.NoError(t, err)
	require.Equal(t, name, string(last.Payload))
	snapshot, err := log.Snapshot(ctx, "counts/1")
	require.NoError(t, err)
	require.Equal(t, name, string(snapshot))
	require.NoError(t, log.Trim(ctx, last.Sequence))
	require.NoError(t, log.Close())
}

// openLog opens the log of a topology with its credentials.
func openLog(t *testing.T, keys *auth.Keys, url, topology string) changelog.Log {
	t.Helper()
	text, err := keys.Issuer().StateCredentials(topology, "W")
	require.NoError(t, err)
	a := cluster.StateAccess{URL: url, Credentials: filepath.Join(t.TempDir(), "state.creds"), Inbox: cluster.WorkerInbox("W")}
	require.NoError(t, auth.WriteFile(a.Credentials, text))
	content, err := json.Marshal(a)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	t.Setenv(cluster.StateVariable, file)
	log, err := changelog.Environment(topology)
	require.NoError(t, err)
	return log
}

func connectState(t *testing.T, keys *auth.Keys, url, topology string) jetstream.JetStream {
	t.Helper()
	text, err := keys.Issuer().DropCredentials(topology, "D")
	require.NoError(t, err)
	return newJetStream(t, url, nats.UserCredentialBytes([]byte(text)), nats.CustomInboxPrefix(cluster.WorkerInbox("D")))
}

func appJetStream(t *testing.T, keys *auth.Keys, url string) jetstream.JetStream {
	t.Helper()
	text, err := keys.Issue(auth.App, "app")
	require.NoError(t, err)
	return newJetStream(t, url, nats.UserCredentialBytes([]byte(text)))
}

func newJetStream(t *testing.T, url string, o ...nats.Option) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, o...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return js
}
