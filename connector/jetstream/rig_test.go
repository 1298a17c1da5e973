package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// guard is for tests that would otherwise hang: none waits for it when all is well.
const guard = 60 * time.Second

// rig is a NATS server on disk, and a client of the test's own.
type rig struct {
	t      *testing.T
	dir    string
	port   int
	server *server.Server
	js     js.JetStream
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), port: server.RANDOM_PORT}
	r.start()
	t.Cleanup(r.stop)
	nc, err := nats.Connect(r.url(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	r.js, err = js.New(nc)
	require.NoError(t, err)
	return r
}

// start starts the server, at the port that it had if it was started before.
func (r *rig) start() {
	r.t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: r.port, JetStream: true, StoreDir: r.dir, NoSigs: true, NoLog: true, SyncAlways: true})
	require.NoError(r.t, err)
	s.Start()
	require.True(r.t, s.ReadyForConnections(guard), "the server is not ready")
	r.server = s
	r.port, err = strconv.Atoi(portOf(s))
	require.NoError(r.t, err)
}

func portOf(s *server.Server) string {
	return fmt.Sprint(s.PortsInfo(guard).Nats[0][len("nats://127.0.0.1:"):])
}

func (r *rig) stop() {
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

func (r *rig) url() string              { return fmt.Sprintf("nats://127.0.0.1:%d", r.port) }
func (r *rig) access() jetstream.Access { return jetstream.Access{URL: r.url()} }

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), guard)
	r.t.Cleanup(cancel)
	return ctx
}

// stream makes a stream of the name that takes the name's subject and those below it.
func (r *rig) stream(name string) {
	r.t.Helper()
	require.NoError(r.t, jetstream.EnsureStream(r.ctx(), r.access(), name, name, name+".>"))
}

// publish publishes the numbers from first to last, each once, whatever the server does meanwhile.
func (r *rig) publish(subject string, first, last int) {
	r.t.Helper()
	for n := first; n <= last; n++ {
		r.eventually(func() bool {
			ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Second)
			defer cancel()
			_, err := r.js.Publish(ctx, subject, fmt.Append(nil, n), js.WithMsgID(subject+strconv.Itoa(n)))
			return err == nil
		}, "a number is published")
	}
}

// stored are the payloads that a stream has, in its order.
func (r *rig) stored(stream string) (payloads []string) {
	r.t.Helper()
	s, err := r.js.Stream(r.ctx(), stream)
	require.NoError(r.t, err)
	for n := uint64(1); n <= s.CachedInfo().State.LastSeq; n++ {
		m, err := s.GetMsg(r.ctx(), n)
		require.NoError(r.t, err)
		payloads = append(payloads, string(m.Data))
	}
	return payloads
}

func (r *rig) consumer(stream, name string) *js.ConsumerInfo {
	r.t.Helper()
	c, err := r.js.Consumer(r.ctx(), stream, name)
	require.NoError(r.t, err)
	return c.CachedInfo()
}

// eventually waits for what has no event to wait for.
func (r *rig) eventually(ok func() bool, what string) {
	r.t.Helper()
	for deadline := time.Now().Add(guard); !ok(); {
		require.True(r.t, time.Now().Before(deadline), "waited in vain: %s", what)
		<-time.After(5 * time.Millisecond)
	}
}

// run runs the topology until it ends by itself.
func (r *rig) run(declare func(b *topology.Builder)) *worker.Worker {
	r.t.Helper()
	w := r.worker(declare)
	ctx := r.ctx()
	require.NoError(r.t, w.Run(ctx))
	require.NoError(r.t, ctx.Err(), "the run did not end by itself")
	return w
}

func (r *rig) worker(declare func(b *topology.Builder)) *worker.Worker {
	r.t.Helper()
	b := topology.NewBuilder("test")
	declare(b)
	topo, err := b.Build()
	require.NoError(r.t, err)
	w, err := worker.New(topo, worker.Options{StopTimeout: time.Second})
	require.NoError(r.t, err)
	return w
}

// background runs the topology until stop is called, which waits for its end.
func (r *rig) background(declare func(b *topology.Builder)) (w *worker.Worker, stop func() error) {
	r.t.Helper()
	w = r.worker(declare)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- w.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	r.t.Cleanup(func() { _ = stop() })
	return w, stop
}

// list collects texts from the tasks of a bolt.
type list struct {
	mu    sync.Mutex
	texts []string
}

func (l *list) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, text)
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.texts...)
}

// bolt collects the payloads of what it is given.
func (l *list) bolt() func() topology.Bolt {
	return topology.BoltFunc(func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
		l.add(string(t.Bytes("data")))
		return nil
	})
}

// holding is a bolt that settles nothing, with manual acking.
func holding(got chan<- string) func() topology.Bolt {
	return topology.BoltFunc(func(ctx context.Context, t *topology.Tuple, _ *topology.Collector) error {
		select {
		case got <- string(t.Bytes("data")):
			return nil
		case <-ctx.Done():
			return errors.New("nobody takes it")
		}
	})
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

// numbers are the texts of the numbers from first to last.
func numbers(first, last int) (texts []string) {
	for n := first; n <= last; n++ {
		texts = append(texts, strconv.Itoa(n))
	}
	return texts
}
