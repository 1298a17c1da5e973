package nimbus

import (
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
)

func TestCredentialsToReadStateAreThatTopologys(t *testing.T) {
	r := newRig(t)
	keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	r.nats.Shutdown()
	r.o.Keys = keys
	r.startNATS()
	access := func(role auth.Role) cluster.Access {
		text, err := keys.Issue(role, "test")
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "creds")
		require.NoError(t, auth.WriteFile(file, text))
		return cluster.Access{URL: r.nats.URL(), Credentials: file}
	}
	app, err := cluster.Connect(access(auth.App), "app", nil)
	require.NoError(t, err)
	defer app.Close()
	js, err := jetstream.New(app)
	require.NoError(t, err)
	leaveState(t, js, "words")
	r.nc, err = cluster.Connect(access(auth.Daemon), "daemon", nil)
	require.NoError(t, err)
	defer r.nc.Close()

	keyless := r.nimbus("n1", func(o *Options) { o.Access, o.Issuer = access(auth.Daemon), issuer{} })
	r.refused(cluster.Unauthorized, cluster.VerbReadState, cluster.ReadStateRequest{Name: "words"})
	keyless.stop()
	r.nimbus("n2", func(o *Options) { o.Access, o.Issuer = access(auth.Daemon), keys.Issuer() })
	r.refused(cluster.Invalid, cluster.VerbReadState, cluster.ReadStateRequest{Name: "*"})
	var list, read cluster.ReadStateResponse
	r.must(cluster.VerbReadState, cluster.ReadStateRequest{}, &list)
	r.must(cluster.VerbReadState, cluster.ReadStateRequest{Name: "words"}, &read)
	log, _ := cluster.StateStreams("words")
	for name := range r.as(list).StreamNames(t.Context(), jetstream.WithStreamListSubject("gale.state.>")).Name() {
		require.Equal(t, log, name)
	}
	_, err = r.as(read).Stream(t.Context(), log)
	require.NoError(t, err)
}

// as is what one can do with the credentials.
func (r *rig) as(c cluster.ReadStateResponse) jetstream.JetStream {
	r.t.Helper()
	nc, err := nats.Connect(r.nats.URL(), nats.UserCredentialBytes([]byte(c.Credentials)), nats.CustomInboxPrefix(c.Inbox))
	require.NoError(r.t, err)
	r.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(r.t, err)
	return js
}

// Without credentials there are none to give.
func TestStateIsReadWithoutCredentialsWhereThereAreNone(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	var read cluster.ReadStateResponse
	r.must(cluster.VerbReadState, cluster.ReadStateRequest{Name: "words"}, &read)
	require.Zero(t, read)
}
