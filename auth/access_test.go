package auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// site is a server with keys, Gale's buckets, and a daemon's connection.
type site struct {
	keys   *auth.Keys
	server *natsd.Server
	daemon *nats.Conn
	store  *cluster.Store
	writer *cluster.Writer
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{keys: newKeys(t)}
	var err error
	s.server, err = natsd.Start(natsd.Options{Data: t.TempDir(), Port: -1, Keys: s.keys})
	require.NoError(t, err)
	t.Cleanup(s.server.Shutdown)
	s.daemon = s.connect(t, text(t)(s.keys.Issue(auth.Daemon, "nimbus")))
	s.store, err = cluster.CreateStore(t.Context(), s.daemon, 1)
	require.NoError(t, err)
	s.writer, err = s.store.TakeOver(t.Context(), "nimbus")
	require.NoError(t, err)
	_, err = cluster.ServeAssignments(s.daemon, s.store, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, s.daemon.Flush())
	return s
}

func (s *site) connect(t *testing.T, credentials string, more ...nats.Option) *nats.Conn {
	t.Helper()
	file := filepath.Join(t.TempDir(), "creds")
	require.NoError(t, auth.WriteFile(file, credentials))
	more = append(more, nats.PermissionErrOnSubscribe(true))
	nc, err := cluster.Connect(cluster.Access{URL: s.server.URL(), Credentials: file}, t.Name(), nil, more...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func (s *site) worker(t *testing.T, name, id, worker string) *nats.Conn {
	t.Helper()
	return s.connect(t, text(t)(s.keys.Issuer().WorkerCredentials(name, id, worker)), nats.CustomInboxPrefix(cluster.WorkerInbox(worker)))
}

func (s *site) client(t *testing.T) *nats.Conn {
	t.Helper()
	return s.connect(t, text(t)(s.keys.Issue(auth.Client, "cli")), nats.CustomInboxPrefix(cluster.ClientInbox))
}

func (s *site) assign(t *testing.T, name, id string) {
	t.Helper()
	_, err := s.writer.Put(t.Context(), cluster.AssignmentPrefix+name, cluster.Assignment{Topology: name, ID: id, Epoch: s.writer.Epoch()})
	require.NoError(t, err)
}

func TestNobodyConnectsWithoutCredentials(t *testing.T) {
	s := newSite(t)
	_, err := cluster.Connect(cluster.Access{URL: s.server.URL()}, "nobody", nil)
	require.Equal(t, cluster.Unauthorized, cluster.CodeOf(err))

	strangers := newKeys(t)
	file := filepath.Join(t.TempDir(), "creds")
	require.NoError(t, auth.WriteFile(file, text(t)(strangers.Issue(auth.Daemon, "stranger"))))
	_, err = cluster.Connect(cluster.Access{URL: s.server.URL(), Credentials: file}, "stranger", nil)
	require.Equal(t, cluster.Unauthorized, cluster.CodeOf(err))
}

func TestWorkerReachesItsOwn(t *testing.T) {
	s := newSite(t)
	s.assign(t, "a.b", "T")
	one, two := s.worker(t, "a.b", "T", "W1"), s.worker(t, "a.b", "T", "W2")

	for _, lane := range []string{"", ".c"} {
		heard := subscribe(t, two, cluster.LinkSubject("T", "W2", "*")+lane)
		require.NoError(t, one.Publish(cluster.LinkSubject("T", "W2", "W1")+lane, []byte("frame")))
		require.Equal(t, "frame", next(t, heard))
	}
	heard := subscribe(t, s.daemon, cluster.ReportSubject("*", "*"))
	require.NoError(t, one.Publish(cluster.ReportSubject("T", "W1"), []byte("report")))
	require.Equal(t, "report", next(t, heard))

	hint := subscribe(t, one, cluster.KeySubject(cluster.AssignmentPrefix+"a.b"))
	s.assign(t, "a.b", "T")
	require.Contains(t, next(t, hint), `"id":"T"`)
	own := subscribe(t, one, one.NewInbox())
	require.NoError(t, s.daemon.Publish(own.Subject, []byte("hello")))
	require.Equal(t, "hello", next(t, own))
}

func TestWorkerAnswersRequests(t *testing.T) {
	s := newSite(t)
	w := s.worker(t, "a", "T", "W")
	_, err := w.Subscribe(cluster.ControlSubject("T", "W", "*"), func(m *nats.Msg) {
		answer, err := json.Marshal(cluster.ControlReply{Error: "I got " + string(m.Data)})
		if err == nil {
			err = m.Respond(answer)
		}
		if err != nil {
			panic(err)
		}
	})
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := cluster.AskWorker(ctx, s.daemon, "T", "W", cluster.ControlFinish, cluster.ControlRequest{Generation: 3, Component: "x"})
	require.NoError(t, err)
	require.Equal(t, `I got {"generation":3,"component":"x"}`, r.Error)

	_, err = cluster.AskWorker(ctx, s.daemon, "T", "dead", cluster.ControlStatus, cluster.ControlRequest{})
	require.ErrorIs(t, err, nats.ErrNoResponders)
}

func TestClientAsksAWorker(t *testing.T) {
	s := newSite(t)
	w, nc := s.worker(t, "a", "T", "W"), s.client(t)
	_, err := w.Subscribe(cluster.QuestionSubject("T", "W"), func(m *nats.Msg) {
		if err := w.Publish(m.Reply, append([]byte("I got "), m.Data...)); err != nil {
			panic(err)
		}
	})
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	answers := subscribe(t, nc, cluster.AnswerSubject("*", "*", "me", "*"))
	require.NoError(t, nc.PublishRequest(cluster.QuestionSubject("T", "W"), cluster.AnswerSubject("T", "W", "me", "7"), []byte("a question")))
	require.Equal(t, "I got a question", next(t, answers))
	require.NoError(t, nc.PublishRequest(cluster.QuestionSubject("T", "dead"), cluster.AnswerSubject("T", "dead", "me", "8"), nil))
	m, err := answers.NextMsg(patience)
	require.ErrorIs(t, err, nats.ErrNoResponders, "%v", m)
}

func TestWorkerReadsItsOwnAssignmentOnly(t *testing.T) {
	s := newSite(t)
	s.assign(t, "a", "T")
	s.assign(t, "a.b", "U")
	w := s.worker(t, "a", "T", "W")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a, err := cluster.ReadAssignment(ctx, w, "a", "T", "W")
	require.NoError(t, err)
	require.Equal(t, "T", a.ID)
	for _, other := range []string{"a.b", "none"} {
		_, err = cluster.ReadAssignment(ctx, w, other, "T", "W")
		require.ErrorIs(t, err, cluster.ErrNoRecord, "topology %s", other)
	}
	s.assign(t, "a", "T2") // killed, and another one of the name submitted
	_, err = cluster.ReadAssignment(ctx, w, "a", "T", "W")
	require.ErrorIs(t, err, cluster.ErrNoRecord)
}

func TestClientUploadsAProgram(t *testing.T) {
	s := newSite(t)
	nc := s.client(t)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	objects, err := js.ObjectStore(ctx, cluster.ProgramBucket)
	require.NoError(t, err)
	program := bytes.Repeat([]byte("program "), 100_000)
	sum := sha256.Sum256(program)
	digest := hex.EncodeToString(sum[:])

	_, err = objects.GetInfo(ctx, digest)
	require.ErrorIs(t, err, jetstream.ErrObjectNotFound)
	_, err = objects.PutBytes(ctx, digest, program)
	require.NoError(t, err)
	i, err := objects.GetInfo(ctx, digest)
	require.NoError(t, err)
	require.EqualValues(t, len(program), i.Size)

	theirs := programs(t, s.daemon)
	got, err := theirs.GetBytes(ctx, digest)
	require.NoError(t, err)
	require.Equal(t, program, got)
	require.NoError(t, theirs.Delete(ctx, digest))
	_, err = objects.PutBytes(ctx, digest, program)
	require.NoError(t, err, "after a topology was killed, its program can be uploaded again")
}

func programs(t *testing.T, nc *nats.Conn) jetstream.ObjectStore {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	o, err := js.ObjectStore(t.Context(), cluster.ProgramBucket)
	require.NoError(t, err)
	return o
}

func TestClientReachesTheAPI(t *testing.T) {
	s := newSite(t)
	nc := s.client(t)
	_, err := s.daemon.Subscribe("gale.>", func(m *nats.Msg) {
		if cluster.IsInbox(m.Reply) {
			if err := m.Respond([]byte(m.Subject)); err != nil {
				panic(err)
			}
		}
	})
	require.NoError(t, err)
	require.NoError(t, s.daemon.Flush())
	asked := []string{cluster.SupervisorSubject("sv1", cluster.SupervisorLogs)}
	for _, verb := range cluster.Verbs {
		if verb != cluster.VerbCredentials {
			asked = append(asked, cluster.APISubject(verb))
		}
	}
	for _, subject := range asked {
		m, err := nc.Request(subject, nil, patience)
		require.NoError(t, err)
		require.Equal(t, subject, string(m.Data))
	}
	reports := subscribe(t, nc, cluster.ReportSubject("*", "*"))
	require.NoError(t, s.daemon.Publish(cluster.ReportSubject("T", "W"), []byte("report")))
	require.Equal(t, "report", next(t, reports))
}

func TestAppsHaveStreamsAndNothingOfGales(t *testing.T) {
	s := newSite(t)
	app := s.connect(t, text(t)(s.keys.Issue(auth.App, "app")))
	js, err := jetstream.New(app)
	require.NoError(t, err)
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "orders", Subjects: []string{"orders.>"}})
	require.NoError(t, err)
	_, err = js.Publish(t.Context(), "orders.1", []byte("one"))
	require.NoError(t, err)
	_, err = js.KeyValue(t.Context(), cluster.Bucket)
	require.ErrorIs(t, err, jetstream.ErrBucketNotFound)

	mine := subscribe(t, app, ">")
	require.NoError(t, s.daemon.Publish(cluster.ReportSubject("T", "W"), []byte("Gale's")))
	require.NoError(t, s.daemon.Flush())
	require.NoError(t, app.Publish("end", []byte("end")))
	require.Equal(t, "end", next(t, mine))
}

func subscribe(t *testing.T, nc *nats.Conn, subject string) *nats.Subscription {
	t.Helper()
	s, err := nc.SubscribeSync(subject)
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	return s
}

func next(t *testing.T, s *nats.Subscription) string {
	t.Helper()
	m, err := s.NextMsg(patience)
	require.NoError(t, err, fmt.Sprintf("waiting on %s", s.Subject))
	return string(m.Data)
}
