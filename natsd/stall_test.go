package natsd

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// stall is a proxy that can stop to forward, without closing anything: what a pulled plug looks like to both ends.
type stall struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu     sync.Mutex
	frozen bool
	conns  []net.Conn
}

func newStall(t *testing.T, target string) *stall {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &stall{listener: l, target: target}
	s.wg.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

func (s *stall) url() string { return "nats://" + s.listener.Addr().String() }

func (s *stall) accept() {
	for {
		near, err := s.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", s.target)
		if err != nil {
			near.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, near, far)
		s.mu.Unlock()
		s.wg.Go(func() { s.forward(near, far) })
		s.wg.Go(func() { s.forward(far, near) })
	}
}

// forward copies until an end closes, of which it tells the other one unless the proxy is frozen.
func (s *stall) forward(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if s.isFrozen() {
			io.Copy(io.Discard, from) //nolint:errcheck // it ends when either end closes
			return
		}
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

func (s *stall) isFrozen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frozen
}

// freeze has the connections that there are forward nothing any more; new ones are refused.
func (s *stall) freeze() {
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = true
}

func (s *stall) close() {
	s.listener.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}
