package cli

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// silent are servers that accept connections and say nothing until the test ends.
type silent struct {
	urls   []string
	called atomic.Int64
}

func startSilent(t *testing.T, n int) *silent {
	t.Helper()
	s := &silent{}
	var all sync.WaitGroup
	t.Cleanup(all.Wait) // after the listeners are closed
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		s.urls = append(s.urls, "nats://"+l.Addr().String())
		all.Go(func() { s.accept(l) })
		t.Cleanup(func() { l.Close() })
	}
	return s
}

// accept holds what comes until the listener is closed, and with it what it holds.
func (s *silent) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.called.Add(1)
		defer c.Close()
	}
}

// Each of the servers is given 2 s, and a shell waits for 1 s.
func TestAShellDoesNotWaitForServersThatDoNotAnswer(t *testing.T) {
	s := startSilent(t, 3)
	t.Setenv("GALE_NATS", strings.Join(s.urls, ","))
	code, out, err := gale(t, "complete-words", "--", "kill", "")
	require.Zero(t, code, err)
	require.Empty(t, out)
	require.EqualValues(t, 1, s.called.Load(), "it has gone on to the next")
}
