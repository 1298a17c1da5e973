package transport

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// patience is how long tests wait for what must come. Nothing takes so long but on a machine that is overloaded.
const patience = 30 * time.Second

// startServer starts a nats-server on a port, -1 for any.
func startServer(t testing.TB, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(patience))
	return s
}

func serve(t testing.TB) *server.Server {
	t.Helper()
	s := startServer(t, -1)
	t.Cleanup(func() { stopServer(s) })
	return s
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

func connect(t testing.TB, url string, more ...nats.Option) *nats.Conn {
	t.Helper()
	options := []nats.Option{nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ReconnectWait(20 * time.Millisecond), nats.ReconnectJitter(0, 0),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})} // the default one prints
	nc, err := nats.Connect(url, append(options, more...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		nc.Close()
		// Close does not wait for its goroutines, which goleak would find.
		require.Eventually(t, nc.IsClosed, patience, time.Millisecond)
	})
	return nc
}

func subject(to, from string) string { return fmt.Sprintf("test.link.%s.%s", to, from) }

// recorder is a Handler that keeps what it is told, and grants at once.
type recorder struct {
	mu       sync.Mutex
	changed  *sync.Cond
	slabs    []string
	controls []string
	credits  []Dest
	resets   int
	hold     bool // it does not grant
}

func newRecorder() *recorder {
	r := &recorder{}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *recorder) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	r.changed.Broadcast()
}

func (r *recorder) Slab(p *Peer, d Dest, body []byte) {
	hold := false
	r.note(func() {
		r.slabs = append(r.slabs, fmt.Sprintf("%d:%s", d, body))
		hold = r.hold
	})
	if !hold {
		p.Grant(d)
	}
}

func (r *recorder) Control(_ *Peer, record []byte) {
	r.note(func() { r.controls = append(r.controls, string(record)) })
}

func (r *recorder) Credit(_ *Peer, d Dest) { r.note(func() { r.credits = append(r.credits, d) }) }
func (r *recorder) Reset(*Peer)            { r.note(func() { r.resets++ }) }

// await waits until what is recorded meets a condition.
func (r *recorder) await(t testing.TB, what string, met func() bool) {
	t.Helper()
	late := time.AfterFunc(patience, func() { r.note(func() {}) })
	defer late.Stop()
	end := time.Now().Add(patience)
	r.mu.Lock()
	defer r.mu.Unlock()
	for !met() {
		require.True(t, time.Now().Before(end), "%s: not in %v; %d slabs, %d controls, %d resets", what, patience, len(r.slabs), len(r.controls), r.resets)
		r.changed.Wait()
	}
}

// open opens the node of a worker. It is closed when the test ends, before its connection.
func open(t testing.TB, nc *nats.Conn, worker string, life uint64, h Handler, peers ...string) *Node {
	t.Helper()
	n, err := Open(nc, Options{Topology: "t", Worker: worker, Life: life, Handler: h, Subject: subject})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	n.SetPeers(peers)
	return n
}

// eventually polls for what no event tells of.
func eventually(t testing.TB, what string, met func() bool) {
	t.Helper()
	require.Eventually(t, met, patience, time.Millisecond, what)
}
