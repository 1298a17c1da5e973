package auth_test

import (
	"context"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// similar are names of topologies that a careless escape takes for one another.
var similar = []string{"a", "a.b", "a-b", "a_b", "a_.b", "a._b", "a__b", "a_db", "a.d", "A.b", "a-.b"}

func (s *site) state(t *testing.T, topology, worker string) *nats.Conn {
	t.Helper()
	text := text(t)(s.keys.Issuer().StateCredentials(topology, worker))
	return s.connect(t, text, nats.CustomInboxPrefix(cluster.WorkerInbox(worker)))
}

func TestStateIsTheTopologysOwn(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, name := range similar {
		keepState(ctx, t, s.state(t, name, "W"), name)
	}
	for _, name := range similar { // each has what it has put there, and nobody else
		js := newJetStream(t, s.state(t, name, "W2"))
		stream, err := js.Stream(ctx, cluster.StateStreams(name)[0])
		require.NoError(t, err)
		require.EqualValues(t, 1, stream.CachedInfo().State.Msgs)
		m, err := stream.GetLastMsgForSubject(ctx, cluster.StateSubjects(name)[0])
		require.NoError(t, err)
		require.Equal(t, name, string(m.Data))
		objects, err := js.ObjectStore(ctx, bucketOf(name))
		require.NoError(t, err)
		snapshot, err := objects.GetString(ctx, "snapshot/1")
		require.NoError(t, err)
		require.Equal(t, name, snapshot)
	}
}

// bucketOf is the object store whose stream StateStreams names second.
func bucketOf(topology string) string { return cluster.StateStreams(topology)[1][len("OBJ_"):] }

func newJetStream(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return js
}

// keepState does what a worker does with its state: it makes the streams, adds to the log under a condition, reads it, trims it, and keeps a snapshot.
func keepState(ctx context.Context, t *testing.T, nc *nats.Conn, name string) {
	t.Helper()
	js := newJetStream(t, nc)
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: cluster.StateStreams(name)[0], Subjects: cluster.StateSubjects(name)[:1]})
	require.NoError(t, err)
	subject := cluster.StateSubjects(name)[0]
	subject = subject[:len(subject)-1] + "commit"
	_, err = js.Publish(ctx, subject, []byte("first"), jetstream.WithExpectLastSequencePerSubject(0))
	require.NoError(t, err)
	_, err = js.Publish(ctx, subject, []byte(name), jetstream.WithExpectLastSequencePerSubject(1))
	require.NoError(t, err)
	read, err := js.OrderedConsumer(ctx, cluster.StateStreams(name)[0], jetstream.OrderedConsumerConfig{})
	require.NoError(t, err)
	for _, want := range []string{"first", name} {
		m, err := read.Next()
		require.NoError(t, err)
		require.Equal(t, want, string(m.Data()))
	}
	require.NoError(t, stream.Purge(ctx, jetstream.WithPurgeSequence(2)))
	objects, err := js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucketOf(name)})
	require.NoError(t, err)
	_, err = objects.PutString(ctx, "snapshot/1", "old")
	require.NoError(t, err)
	_, err = objects.PutString(ctx, "snapshot/1", name)
	require.NoError(t, err)
}

// statesForeign are subjects that are no business of the state of topology a.
func statesForeign() (subjects []string) {
	streams := []string{"orders", "KV_settings", "OBJ_files", "*", ">"}
	for _, name := range similar[1:] {
		streams = append(streams, cluster.StateStreams(name)...)
		for _, s := range cluster.StateSubjects(name) {
			subjects = append(subjects, s, s[:len(s)-1]+"commit")
		}
	}
	for _, stream := range streams {
		for _, verb := range []string{"CREATE", "UPDATE", "DELETE", "PURGE", "INFO", "MSG.GET", "MSG.DELETE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN", "PEER.REMOVE"} {
			subjects = append(subjects, "$JS.API.STREAM."+verb+"."+stream)
		}
		for _, verb := range []string{"CREATE", "DURABLE.CREATE", "INFO", "DELETE", "MSG.NEXT", "PAUSE"} {
			subjects = append(subjects, "$JS.API.CONSUMER."+verb+"."+stream+".c")
		}
		subjects = append(subjects, "$JS.API.DIRECT.GET."+stream, "$JS.API.DIRECT.GET."+stream+".x", "$JS.ACK."+stream+".c.1.1.1.1.1")
	}
	own := cluster.StateStreams("a")[0]
	return append(subjects, "$JS.API.STREAM.DELETE."+own, "$JS.API.STREAM.MSG.DELETE."+own, "$JS.API.STREAM.SNAPSHOT."+own, "$JS.API.STREAM.RESTORE."+own,
		"$JS.API.CONSUMER.DURABLE.CREATE."+own+".c", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES", "$JS.API.INFO", "$JS.API.>", "$JS.>", "$KV.settings.x", "$O.files.M.x",
		"orders.1", "orders.>", "gale.>", "gale.state", "gale.state.*", "gale.api.kill", "gale.api.credentials", "gale.worker.T.W.report", "_INBOX.x", "_INBOX_X.x", "_INBOX_client.x", ">", "*", "$SYS.>", "$SYS.REQ.SERVER.PING")
}

// streamSubjectsOf are requests that the state of a topology is allowed.
func streamSubjectsOf(topology string) (subjects []string) {
	for _, stream := range cluster.StateStreams(topology) {
		for _, verb := range []string{"STREAM.CREATE", "STREAM.INFO", "STREAM.PURGE", "STREAM.MSG.GET"} {
			subjects = append(subjects, "$JS.API."+verb+"."+stream)
		}
	}
	return subjects
}

func TestS16StateIsDeniedWhatIsNotItsOwn(t *testing.T) {
	s := newSite(t)
	app := s.connect(t, text(t)(s.keys.Issue(auth.App, "app")))
	nc := s.state(t, "a", "W")
	subjects := statesForeign()
	require.Greater(t, len(subjects), 400)
	requireSubscribeDenied(t, nc, append(subjects, cluster.StateSubjects("a")...))
	requirePublishDenied(t, app, nc, subjects, "gale.state.a.commit")
	requirePublishDenied(t, s.daemon, s.worker(t, "a", "T", "W"), append(streamSubjectsOf("a"), cluster.StateSubjects("a")...), cluster.ReportSubject("T", "W"))
}

// Accounts share nothing: what is said with the credentials for state is heard nowhere in GALE.
func TestS16StateIsNotInTheAccountOfGale(t *testing.T) {
	s := newSite(t)
	app := s.connect(t, text(t)(s.keys.Issue(auth.App, "app")))
	heard, here := subscribe(t, s.daemon, ">"), subscribe(t, app, "gale.state.>")
	nc := s.state(t, "a", "W")
	require.NoError(t, nc.Publish("gale.state.a.commit", []byte("state")))
	require.Equal(t, "state", next(t, here))
	require.NoError(t, s.daemon.Publish("end", []byte("end")))
	require.Equal(t, "end", next(t, heard))
}

func TestWhoDropsStateCanDoNothingElse(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	keepState(ctx, t, s.state(t, "a.b", "W"), "a.b")
	app := s.connect(t, text(t)(s.keys.Issue(auth.App, "app")))
	nc := s.connect(t, text(t)(s.keys.Issuer().DropCredentials("a.b", "D")), nats.CustomInboxPrefix(cluster.WorkerInbox("D")))
	streams := cluster.StateStreams("a.b")
	requirePublishDenied(t, app, nc, []string{"$JS.API.STREAM.PURGE." + streams[0], "$JS.API.STREAM.DELETE.orders", "$JS.API.STREAM.DELETE." + cluster.StateStreams("a")[0], "gale.state.a_db.commit"},
		"$JS.API.STREAM.DELETE."+streams[0])
	for _, stream := range streams {
		_, err := newJetStream(t, app).Stream(ctx, stream)
		require.NoError(t, err, "what was published was no request to delete it")
		require.NoError(t, newJetStream(t, nc).DeleteStream(ctx, stream))
		_, err = newJetStream(t, app).Stream(ctx, stream)
		require.ErrorIs(t, err, jetstream.ErrStreamNotFound)
	}
}

func TestNamesThatAreNoSubjectsGetNoStateCredentials(t *testing.T) {
	issuer := newKeys(t).Issuer()
	for _, name := range []string{"", "*", ">", "a.*", "a b", "a..b", "a.", ".a", "a/b", "a\nb"} {
		_, err := issuer.StateCredentials(name, "W")
		require.Error(t, err, name)
		_, err = issuer.DropCredentials(name, "D")
		require.Error(t, err, name)
	}
	_, err := issuer.StateCredentials("a", "*")
	require.Error(t, err)
}
