package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// cutter is a proxy that, once armed, breaks the connection at the next COMMIT: before the server gets it, or after the server has answered,
// before the client hears of it.
type cutter struct {
	mu struct {
		sync.Mutex
		armed, after, cut bool
	}
	conns sync.WaitGroup
}

func (c *cutter) arm(after bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.armed, c.mu.after = !c.mu.cut, after
}

func (c *cutter) done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.cut
}

// proxy returns the URL with the proxy in the place of the server.
func (c *cutter) proxy(t *testing.T, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	socket := filepath.Join(u.Query().Get("host"), ".s.PGSQL."+u.Query().Get("port"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c.conns.Go(func() { c.accept(l, socket) })
	t.Cleanup(func() {
		_ = l.Close()
		c.conns.Wait()
	})
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	return u.String()
}

func (c *cutter) accept(l net.Listener, socket string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", socket)
		if err != nil {
			_ = client.Close()
			continue
		}
		lost := make(chan struct{})
		c.conns.Go(func() { c.pump(server, client, lost); _ = client.Close(); _ = server.Close() })
		c.conns.Go(func() { c.answers(client, server, lost); _ = client.Close(); _ = server.Close() })
	}
}

// pump brings requests to the server, up to the COMMIT.
func (c *cutter) pump(server, client net.Conn, lost chan struct{}) {
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(bytes.ToLower(buf[:n]), []byte("commit\x00")) && c.cut() {
			if !c.mu.after {
				return
			}
			close(lost)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (c *cutter) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.mu.armed
	c.mu.armed, c.mu.cut = false, c.mu.cut || was
	return was
}

// answers brings answers to the client, until they are to be lost.
func (c *cutter) answers(client, server net.Conn, lost chan struct{}) {
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-lost:
			return
		default:
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
