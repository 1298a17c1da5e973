package jetstream_test

import (
	"context"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// guard is for tests that would otherwise hang: none waits for it when all is well.
const guard = 60 * time.Second

// rig is a NATS server on disk, and a client of the test's own.
type rig struct {
	t          testing.TB
	dir        string
	port       int
	maxPayload int32
	server     *server.Server
	nc         *nats.Conn
	js         js.JetStream
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return newRigOf(t, 1<<20)
}

// newRigOf has a server that takes messages of so many bytes.
func newRigOf(t testing.TB, maxPayload int32) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), port: server.RANDOM_PORT, maxPayload: maxPayload}
	r.start()
	t.Cleanup(r.stop)
	var err error
	r.nc, err = nats.Connect(r.access().URL, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(r.nc.Close)
	r.js, err = js.New(r.nc)
	require.NoError(t, err)
	return r
}

// start starts the server, at the port that it had if it was started before.
func (r *rig) start() {
	r.t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: r.port, JetStream: true, StoreDir: r.dir, NoSigs: true, NoLog: true, MaxPayload: r.maxPayload})
	require.NoError(r.t, err)
	s.Start()
	require.True(r.t, s.ReadyForConnections(guard), "the server is not ready")
	r.server = s
	r.port, err = strconv.Atoi(s.PortsInfo(guard).Nats[0][len("nats://127.0.0.1:"):])
	require.NoError(r.t, err)
}

func (r *rig) stop() {
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

func (r *rig) access() connector.Access {
	return connector.Access{URL: "nats://127.0.0.1:" + strconv.Itoa(r.port)}
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	r.t.Cleanup(cancel)
	return ctx
}

// stream makes the stream IN of the subjects below in.
func (r *rig) stream(change func(c *js.StreamConfig)) js.Stream {
	r.t.Helper()
	c := js.StreamConfig{Name: "IN", Subjects: []string{"in.>"}}
	if change != nil {
		change(&c)
	}
	s, err := r.js.CreateStream(r.ctx(), c)
	require.NoError(r.t, err)
	return s
}

// publish publishes the numbers from first to last, each on a subject of its remainder by 10.
func (r *rig) publish(first, last int) {
	r.t.Helper()
	for n := first; n <= last; n++ {
		r.eventually(func() bool {
			ctx, cancel := context.WithTimeout(r.ctx(), 2*time.Second)
			defer cancel()
			_, err := r.js.Publish(ctx, "in."+strconv.Itoa(n%10), []byte(strconv.Itoa(n)), js.WithMsgID(strconv.Itoa(n)))
			return err == nil
		}, "a number is published")
	}
}

// eventually waits for what has no event to wait for.
func (r *rig) eventually(ok func() bool, what string) {
	r.t.Helper()
	for deadline := time.Now().Add(guard); !ok(); {
		require.True(r.t, time.Now().Before(deadline), "waited in vain: %s", what)
		<-time.After(5 * time.Millisecond)
	}
}

func (r *rig) options() jetstream.SourceOptions {
	return jetstream.SourceOptions{Access: r.access(), Stream: "IN"}
}

// tap is a reader that a test reads by.
type tap[T any] struct {
	t        testing.TB
	reader   trident.Reader[T]
	ready    chan struct{}
	position []byte
	host     *host
	close    func()
}

// open opens a partition; unobserved when there is no host.
func open[T any](t testing.TB, s trident.Source[T], partition string, after []byte, h *host) *tap[T] {
	t.Helper()
	return openAmong(t, s, partition, map[string][]byte{partition: after}, h)
}

// openAmong is open with the positions of other partitions.
func openAmong[T any](t testing.TB, s trident.Source[T], partition string, positions map[string][]byte, h *host) *tap[T] {
	t.Helper()
	p := &tap[T]{t: t, ready: make(chan struct{}, 1), host: h, position: positions[partition]}
	var err error
	p.reader, err = s.(trident.Repartitioned[T]).OpenAmong(context.Background(), partition, positions, func() {
		select {
		case p.ready <- struct{}{}:
		default:
		}
	})
	require.NoError(t, err)
	if h != nil {
		p.reader.(trident.Observed).Observe(topology.NewContext(topology.Context{Topology: "test", Component: "in", Task: 1, Parallelism: 1}, nil, h))
	}
	p.close = sync.OnceFunc(func() { require.NoError(t, p.reader.Close()) })
	t.Cleanup(p.close)
	return p
}

// read reads until it has n records, or the end or an error has come, and never but when it has been told to.
func (p *tap[T]) read(n int) (all []T, err error) {
	p.t.Helper()
	for len(all) < n && err == nil {
		had := len(all)
		var position []byte
		all, position, err = p.reader.Read(all, n-len(all))
		if position != nil {
			p.position = position
		}
		if len(all) > had || err != nil {
			continue
		}
		select {
		case <-p.ready:
		case <-time.After(guard):
			require.FailNow(p.t, "waited in vain", "for records; there are %d", len(all))
		}
	}
	return all, err
}

// some reads n records.
func (p *tap[T]) some(n int) []T {
	p.t.Helper()
	all, err := p.read(n)
	if err != io.EOF {
		require.NoError(p.t, err)
	}
	require.Len(p.t, all, n)
	return all
}

// host keeps what a reader counts and reports. All else of a runtime it lacks.
type host struct {
	topology.Services
	mu       sync.Mutex
	counters map[string]*topology.Counter
	reported []string
	told     chan struct{}
}

func newHost() *host {
	return &host{counters: map[string]*topology.Counter{}, told: make(chan struct{}, 100)}
}

func (h *host) Counter(name string) *topology.Counter {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.counters[name] == nil {
		h.counters[name] = new(topology.Counter)
	}
	return h.counters[name]
}

func (h *host) Report(err error) {
	h.mu.Lock()
	h.reported = append(h.reported, err.Error())
	h.mu.Unlock()
	h.told <- struct{}{}
}

func (h *host) reports() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.reported...)
}

func text(m jetstream.Message) (string, error) { return string(m.Data), nil }

// numbers are the texts of the numbers from first to last.
func numbers(first, last int) (texts []string) {
	for n := first; n <= last; n++ {
		texts = append(texts, strconv.Itoa(n))
	}
	return texts
}
