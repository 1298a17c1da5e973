package faultproxy_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/galestream/gale/internal/faultproxy"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server hands its connections to the test.
type server struct {
	net.Listener
	conns chan net.Conn
}

func newServer(t *testing.T) *server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{Listener: listener, conns: make(chan net.Conn, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.conns <- conn
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	return s
}

func newProxy(t *testing.T, target string) *faultproxy.Proxy {
	p, err := faultproxy.New(target)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// next returns the next connection that the server accepts.
func (s *server) next(t *testing.T) net.Conn {
	select {
	case conn := <-s.conns:
		return watched(t, conn)
	case <-time.After(patience):
		require.FailNow(t, "nobody connects")
		return nil
	}
}

func dial(t *testing.T, p *faultproxy.Proxy) net.Conn {
	conn, err := net.Dial("tcp", p.Addr())
	require.NoError(t, err)
	return watched(t, conn)
}

// attempt connects, and returns what came of it.
func attempt(p *faultproxy.Proxy) error {
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return err // a reset may come before Dial is through
	}
	defer conn.Close()
	_, err = rest(conn)
	return err
}

func watched(t *testing.T, conn net.Conn) net.Conn {
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// connect returns both ends of a connection through a proxy.
func connect(t *testing.T) (p *faultproxy.Proxy, client, far net.Conn) {
	s := newServer(t)
	p = newProxy(t, s.Addr().String())
	client = dial(t, p)
	return p, client, s.next(t)
}

func say(t *testing.T, conn net.Conn, text string) {
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
}

func hear(t *testing.T, conn net.Conn, text string) {
	buffer := make([]byte, len(text))
	_, err := io.ReadFull(conn, buffer)
	require.NoError(t, err)
	require.Equal(t, text, string(buffer))
}

// rest returns what comes until the connection ends, and how it ends: nil when in order.
func rest(conn net.Conn) (string, error) {
	data, err := io.ReadAll(conn)
	return string(data), err
}

// hasVanished waits until the proxy has dropped n bytes.
func hasVanished(t *testing.T, p *faultproxy.Proxy, n int64) {
	require.Eventually(t, func() bool { return p.Vanished() >= n }, patience, time.Millisecond)
	require.Equal(t, n, p.Vanished())
}
