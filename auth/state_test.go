package auth_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/nats-io/jwt/v2"
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
		for _, k := range places(name) {
			stream, err := js.Stream(ctx, k.stream)
			require.NoError(t, err)
			require.EqualValues(t, 1, stream.CachedInfo().State.Msgs)
			m, err := stream.GetLastMsgForSubject(ctx, k.subject)
			require.NoError(t, err)
			require.Equal(t, name, string(m.Data))
		}
	}
}

// place is a stream of a topology's state and one of its subjects.
type place struct{ stream, subject string }

func places(topology string) []place {
	log, snapshots := cluster.StateStreams(topology)
	subjects := cluster.StateSubjects(topology)
	return []place{{log, strings.TrimSuffix(subjects[0], "*") + "commit"}, {snapshots, strings.TrimSuffix(subjects[1], "*") + "x"}}
}

func newJetStream(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return js
}

// keepState does what a worker does with its state: it makes the streams, adds to each under a condition, and trims it; and reads the log.
func keepState(ctx context.Context, t *testing.T, nc *nats.Conn, name string) {
	t.Helper()
	js := newJetStream(t, nc)
	for i, k := range places(name) {
		stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: k.stream, Subjects: []string{k.subject}})
		require.NoError(t, err)
		_, err = js.Publish(ctx, k.subject, []byte("first"), jetstream.WithExpectLastSequencePerSubject(0))
		require.NoError(t, err)
		_, err = js.Publish(ctx, k.subject, []byte(name), jetstream.WithExpectLastSequencePerSubject(1))
		require.NoError(t, err)
		if i == 0 {
			requireRead(ctx, t, js, k.stream, "first", name)
		}
		require.NoError(t, stream.Purge(ctx, jetstream.WithPurgeSequence(2)))
	}
}

func requireRead(ctx context.Context, t *testing.T, js jetstream.JetStream, stream string, want ...string) {
	t.Helper()
	read, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
	require.NoError(t, err)
	for _, w := range want {
		m, err := read.Next()
		require.NoError(t, err)
		require.Equal(t, w, string(m.Data()))
	}
}

// statesForeign are subjects that are no business of the state of topology a.
func statesForeign() (subjects []string) {
	streams := []string{"orders", "KV_settings", "OBJ_files", "*", ">"}
	for _, name := range similar[1:] {
		for _, k := range places(name) {
			streams, subjects = append(streams, k.stream), append(subjects, k.subject)
		}
		subjects = append(subjects, cluster.StateSubjects(name)...)
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
	own, snapshots := cluster.StateStreams("a")
	return append(subjects, "$JS.API.CONSUMER.CREATE."+snapshots+".c", "$JS.API.DIRECT.GET."+own, "$JS.API.DIRECT.GET."+own+".x", "gale.state.a.commit.x", "$JS.API.STREAM.DELETE."+own, "$JS.API.STREAM.MSG.DELETE."+own, "$JS.API.STREAM.SNAPSHOT."+own, "$JS.API.STREAM.RESTORE."+own,
		"$JS.API.CONSUMER.DURABLE.CREATE."+own+".c", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES", "$JS.API.INFO", "$JS.API.>", "$JS.>", "$KV.settings.x", "$O.files.M.x",
		"orders.1", "orders.>", "gale.>", "gale.state", "gale.state.*", "gale.api.kill", "gale.api.credentials", "gale.worker.T.W.report", "_INBOX.x", "_INBOX_X.x", "_INBOX_client.x", ">", "*", "$SYS.>", "$SYS.REQ.SERVER.PING")
}

// streamSubjectsOf are requests that the state of a topology is allowed.
func streamSubjectsOf(topology string) (subjects []string) {
	for _, k := range places(topology) {
		for _, verb := range []string{"STREAM.CREATE", "STREAM.INFO", "STREAM.PURGE", "STREAM.MSG.GET"} {
			subjects = append(subjects, "$JS.API."+verb+"."+k.stream)
		}
		subjects = append(subjects, k.subject)
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
	requirePublishDenied(t, s.daemon, s.worker(t, "a", "T", "W"), streamSubjectsOf("a"), cluster.ReportSubject("T", "W"))
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
	own, others := places("a.b"), places("a")
	requirePublishDenied(t, app, nc, []string{"$JS.API.STREAM.PURGE." + own[0].stream, "$JS.API.STREAM.DELETE.orders", "$JS.API.STREAM.DELETE." + others[0].stream, own[0].subject},
		"$JS.API.STREAM.DELETE."+own[0].stream)
	for _, k := range own {
		_, err := newJetStream(t, app).Stream(ctx, k.stream)
		require.NoError(t, err, "what was published was no request to delete it")
		require.NoError(t, newJetStream(t, nc).DeleteStream(ctx, k.stream))
		_, err = newJetStream(t, app).Stream(ctx, k.stream)
		require.ErrorIs(t, err, jetstream.ErrStreamNotFound)
	}
}

func (s *site) reader(t *testing.T, topology string) *nats.Conn {
	t.Helper()
	return s.connect(t, text(t)(s.keys.Issuer().ReadCredentials(topology, "R")), nats.CustomInboxPrefix(cluster.WorkerInbox("R")))
}

func TestWhoReadsStateCanDoNothingElse(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, name := range similar {
		keepState(ctx, t, s.state(t, name, "W"), name)
	}
	app := s.connect(t, text(t)(s.keys.Issue(auth.App, "app")))
	nc := s.reader(t, "a")
	for _, k := range places("a") {
		stream, err := newJetStream(t, nc).Stream(ctx, k.stream)
		require.NoError(t, err)
		m, err := stream.GetLastMsgForSubject(ctx, k.subject)
		require.NoError(t, err)
		require.Equal(t, "a", string(m.Data))
	}
	subjects := append(statesForeign(), cluster.StateSubjects("a")...)
	for _, k := range places("a") {
		subjects = append(subjects, k.subject)
		for _, verb := range []string{"STREAM.CREATE", "STREAM.UPDATE", "STREAM.PURGE", "STREAM.DELETE", "STREAM.MSG.DELETE", "CONSUMER.LIST", "CONSUMER.NAMES"} {
			subjects = append(subjects, "$JS.API."+verb+"."+k.stream)
		}
		for _, verb := range []string{"CREATE", "DURABLE.CREATE", "MSG.NEXT", "DELETE", "INFO"} {
			subjects = append(subjects, "$JS.API.CONSUMER."+verb+"."+k.stream+".c", "$JS.API.CONSUMER."+verb+"."+k.stream)
		}
	}
	own := places("a")[0].stream
	requirePublishDenied(t, app, nc, subjects, "$JS.API.STREAM.INFO."+own)
	requireSubscribeDenied(t, nc, append(statesForeign(), cluster.StateSubjects("a")...))
}

func TestWhoListsStateCanDoNothingElse(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	keepState(ctx, t, s.state(t, "a", "W"), "a")
	app := s.connect(t, text(t)(s.keys.Issue(auth.App, "app")))
	nc := s.reader(t, "")
	found := newJetStream(t, nc).StreamNames(ctx, jetstream.WithStreamListSubject("gale.state.>"))
	own, _ := cluster.StateStreams("a")
	require.Equal(t, own, <-found.Name())
	require.NoError(t, found.Err())
	subjects := slices.DeleteFunc(statesForeign(), func(s string) bool { return s == "$JS.API.STREAM.NAMES" })
	requirePublishDenied(t, app, nc, append(subjects, streamSubjectsOf("a")...), "$JS.API.STREAM.NAMES")
}

// Who keeps the credentials to read has nothing of them a while later.
func TestCredentialsToReadEnd(t *testing.T) {
	for _, topology := range []string{"a", ""} {
		token, err := jwt.ParseDecoratedJWT([]byte(text(t)(newKeys(t).Issuer().ReadCredentials(topology, "R"))))
		require.NoError(t, err)
		claims, err := jwt.DecodeUserClaims(token)
		require.NoError(t, err)
		left := time.Until(time.Unix(claims.Expires, 0))
		require.Positive(t, left)
		require.LessOrEqual(t, left, auth.ReadTime)
	}
}

func TestNamesThatAreNoSubjectsGetNoStateCredentials(t *testing.T) {
	issuer := newKeys(t).Issuer()
	for _, name := range []string{"", "*", ">", "a.*", "a b", "a..b", "a.", ".a", "a/b", "a\nb"} {
		_, err := issuer.StateCredentials(name, "W")
		require.Error(t, err, name)
		_, err = issuer.DropCredentials(name, "D")
		require.Error(t, err, name)
		if name != "" {
			_, err = issuer.ReadCredentials(name, "R")
			require.Error(t, err, name)
		}
	}
	_, err := issuer.StateCredentials("a", "*")
	require.Error(t, err)
	_, err = issuer.ReadCredentials("a", "*")
	require.Error(t, err)
	_, err = issuer.ReadCredentials("", "*")
	require.Error(t, err)
}
