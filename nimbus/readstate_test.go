package nimbus

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
)

func TestCredentialsToReadStateAreThatTopologys(t *testing.T) {
	r := newRig(t)
	accounts := r.withAccounts()
	keyless := r.nimbus("n1", func(o *Options) { o.Access, o.Issuer = accounts.access(auth.Daemon), issuer{} })
	r.refused(cluster.Unauthorized, cluster.VerbReadState, cluster.ReadStateRequest{Name: "words"})
	keyless.stop()
	r.nimbus("n2", func(o *Options) { o.Access, o.Issuer = accounts.access(auth.Daemon), accounts.keys.Issuer() })
	r.refused(cluster.Invalid, cluster.VerbReadState, cluster.ReadStateRequest{Name: "*"})
	var list, read cluster.ReadStateResponse
	r.must(cluster.VerbReadState, cluster.ReadStateRequest{}, &list)
	r.must(cluster.VerbReadState, cluster.ReadStateRequest{Name: "words"}, &read)
	log, _ := cluster.StateStreams("words")
	for name := range r.as(list).StreamNames(t.Context(), jetstream.WithStreamListSubject("gale.state.>")).Name() {
		require.Equal(t, log, name)
	}
	_, err := r.as(read).Stream(t.Context(), log)
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
