package process

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// site is a NATS server and what daemons do for workers: the test writes the assignments, and asks.
type site struct {
	t      testing.TB
	data   string
	keys   *auth.Keys // nil for none
	server *natsd.Server
	access cluster.Access
	daemon *nats.Conn
	writer *cluster.Writer
	reads  atomic.Int64 // of assignments, by workers
	last   cluster.Assignment
	warned *observer.ObservedLogs // what workers have logged, from warnings on
	core   zapcore.Core
}

const (
	theTopology = "test"
	theID       = "TESTID"
)

func newSite(t testing.TB, keys *auth.Keys) *site {
	t.Helper()
	s := &site{t: t, data: t.TempDir(), keys: keys}
	s.core, s.warned = observer.New(zap.WarnLevel)
	s.startServer(-1)
	t.Cleanup(func() { s.server.Shutdown() })
	s.access = cluster.Access{URL: s.server.URL()}
	s.daemon = s.connect()
	t.Cleanup(s.daemon.Close)
	store, err := cluster.CreateStore(t.Context(), s.daemon, 1)
	require.NoError(t, err)
	s.writer, err = store.TakeOver(t.Context(), "nimbus")
	require.NoError(t, err)
	_, err = cluster.ServeAssignments(s.daemon, store, zap.NewNop())
	require.NoError(t, err)
	_, err = s.daemon.Subscribe(cluster.AssignmentRequestSubject("*", "*"), func(*nats.Msg) { s.reads.Add(1) })
	require.NoError(t, err)
	require.NoError(t, s.daemon.Flush())
	return s
}

func (s *site) startServer(port int) {
	s.t.Helper()
	server, err := natsd.Start(natsd.Options{Data: s.data, Port: port, Keys: s.keys})
	require.NoError(s.t, err)
	s.server = server
}

// restartServer has NATS gone for a moment.
func (s *site) restartServer(meanwhile func()) {
	s.t.Helper()
	u, err := url.Parse(s.access.URL)
	require.NoError(s.t, err)
	port, err := strconv.Atoi(u.Port())
	require.NoError(s.t, err)
	s.server.Shutdown()
	meanwhile()
	s.startServer(port)
	waitFor(s.t, s.daemon.IsConnected)
}

func (s *site) connect() *nats.Conn {
	s.t.Helper()
	a := s.access
	if s.keys != nil {
		a.Credentials = s.credentials(s.keys.Issue(auth.Daemon, "nimbus"))
	}
	nc, err := cluster.Connect(a, "daemon", nil)
	require.NoError(s.t, err)
	return nc
}

func (s *site) credentials(text string, err error) (file string) {
	s.t.Helper()
	require.NoError(s.t, err)
	file = filepath.Join(s.t.TempDir(), "creds")
	require.NoError(s.t, auth.WriteFile(file, text))
	return file
}

// assign writes the next version of the assignment.
func (s *site) assign(change func(a *cluster.Assignment)) {
	s.t.Helper()
	change(&s.last)
	s.last.Topology, s.last.ID, s.last.Epoch = theTopology, theID, s.writer.Epoch()
	s.last.Version++
	s.write(s.last)
}

func (s *site) write(a cluster.Assignment) {
	s.t.Helper()
	_, err := s.writer.Put(s.t.Context(), cluster.AssignmentPrefix+theTopology, a)
	require.NoError(s.t, err)
}

// generation is the one of the number that consists of the workers.
func generation(number int, workers ...cluster.Worker) *cluster.Generation {
	return &cluster.Generation{Number: number, Workers: workers}
}

func runs(id string, tasks ...topology.TaskID) cluster.Worker {
	return cluster.Worker{ID: id, Tasks: tasks}
}

// active assigns a generation that is current.
func active(g *cluster.Generation) func(*cluster.Assignment) {
	return func(a *cluster.Assignment) { a.Current, a.Next, a.Active = g, nil, true }
}

// awaitReads waits until workers have read the assignment some times more.
func (s *site) awaitReads(n int64) {
	s.t.Helper()
	until := s.reads.Load() + n
	waitFor(s.t, func() bool { return s.reads.Load() >= until })
}

// deniedPermissions returns what NATS did not let workers do.
func (s *site) deniedPermissions() (denied []string) {
	for _, e := range s.warned.All() {
		for _, v := range e.ContextMap() {
			if text, ok := v.(string); ok && strings.Contains(strings.ToLower(text), "permission") {
				denied = append(denied, text)
			}
		}
	}
	return denied
}

// member is a worker's process, but that it runs in this one.
type member struct {
	s       *site
	id      string
	dir     string
	reports chan cluster.Report
	kill    context.CancelFunc
	result  chan error
}

// start runs a worker in one of its lives.
func (s *site) start(id string, life uint64, declare func(b *topology.Builder)) *member {
	s.t.Helper()
	m := &member{s: s, id: id, dir: s.t.TempDir(), reports: make(chan cluster.Report, 1000), result: make(chan error, 1)}
	s.listen(m)
	b := topology.NewBuilder(theTopology)
	declare(b)
	topo, err := b.Build()
	require.NoError(s.t, err)
	spec := cluster.WorkerSpec{
		Protocol: cluster.Protocol, Topology: theTopology, TopologyID: theID, Worker: id, Supervisor: "s1", Life: life,
		Access: s.access, BeatFile: m.beatFile(),
	}
	if s.keys != nil {
		spec.Access.Credentials = s.credentials(s.keys.Issuer().WorkerCredentials(theTopology, theID, id))
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.kill = cancel
	opt := worker.Options{Log: zap.New(s.core), MaxSpoutPending: 1000, BatchSize: 4, StopTimeout: 100 * time.Millisecond}
	go func() { m.result <- Run(ctx, topo, opt, spec) }()
	s.t.Cleanup(m.end)
	return m
}

func (m *member) beatFile() string { return filepath.Join(m.dir, "beat") }

func (s *site) listen(m *member) {
	s.t.Helper()
	sub, err := s.daemon.Subscribe(cluster.ReportSubject(theID, m.id), func(n *nats.Msg) {
		var r cluster.Report
		if err := cluster.Decode("report", n.Data, &r); err != nil {
			s.t.Error(err)
			return
		}
		m.reports <- r
	})
	require.NoError(s.t, err)
	require.NoError(s.t, s.daemon.Flush())
	s.t.Cleanup(func() { _ = sub.Unsubscribe() })
}

// end ends the process, if it hasn't ended.
func (m *member) end() {
	m.kill()
	select {
	case err := <-m.result:
		m.result <- err
	case <-time.After(patience):
		m.s.t.Errorf("worker %s does not end", m.id)
	}
}

// await waits for a report of which something holds.
func (m *member) await(what string, holds func(r *cluster.Report) bool) cluster.Report {
	m.s.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case r := <-m.reports:
			if holds(&r) {
				return r
			}
		case err := <-m.result:
			m.result <- err
			require.FailNow(m.s.t, "the worker has ended", "%s: waiting for %s: %v", m.id, what, err)
		case <-timeout:
			require.FailNow(m.s.t, "waited in vain", "%s: for %s", m.id, what)
		}
	}
}

func (m *member) awaitPhase(p cluster.Phase) cluster.Report {
	m.s.t.Helper()
	return m.await(string(p), func(r *cluster.Report) bool { return r.Phase == p })
}

// awaitEnd waits for the process to end by itself, and returns what Run returned.
func (m *member) awaitEnd() error {
	m.s.t.Helper()
	select {
	case err := <-m.result:
		m.result <- err
		return err
	case <-time.After(patience):
		require.FailNow(m.s.t, "the worker does not end", m.id)
		return nil
	}
}

// ask asks the worker, and requires an answer without a problem.
func (m *member) ask(verb string, r cluster.ControlRequest) cluster.Report {
	m.s.t.Helper()
	answer := m.tryAsk(verb, r)
	require.Empty(m.s.t, answer.Error)
	return answer.Report
}

func (m *member) tryAsk(verb string, r cluster.ControlRequest) *cluster.ControlReply {
	m.s.t.Helper()
	ctx, cancel := context.WithTimeout(m.s.t.Context(), patience)
	defer cancel()
	answer, err := cluster.AskWorker(ctx, m.s.daemon, theID, m.id, verb, r)
	require.NoError(m.s.t, err)
	return answer
}

// waitFor waits until the condition holds.
func waitFor(t testing.TB, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, 2*time.Millisecond)
}

var errRefused = errors.New("refused")
