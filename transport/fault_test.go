package transport

import (
	"fmt"
	"net"
	"strconv"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

func port(t testing.TB, s *server.Server) int {
	t.Helper()
	_, p, err := net.SplitHostPort(s.Addr().String())
	require.NoError(t, err)
	n, err := strconv.Atoi(p)
	require.NoError(t, err)
	return n
}

// TestNothingIsLostOrDoubledWhenNATSRestarts restarts the server, which forgets all that it has not delivered, five times while slabs and records
// go both ways. With window.rewind or the asking of session.tick taken out it does not end.
func TestNothingIsLostOrDoubledWhenNATSRestarts(t *testing.T) {
	const slabs, restarts = 100_000, 5
	s := startServer(t, -1)
	defer func() { stopServer(s) }()
	at := port(t, s)
	a, b := newRecorder(), newRecorder()
	p := open(t, connect(t, s.ClientURL()), "a", 1, a, "b").Peer("b")
	q := open(t, connect(t, s.ClientURL()), "b", 1, b, "a").Peer("a")
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendAll(t, p, a, slabs)
	}()
	for i := range restarts {
		b.await(t, "more slabs", func() bool { return len(b.slabs) >= i*slabs/restarts+100 })
		q.Control(fmt.Append(nil, i))
		stopServer(s)
		p.Control(fmt.Append(nil, i))
		s = startServer(t, at)
	}
	<-sent
	b.await(t, "all slabs and records", func() bool { return len(b.slabs) >= slabs && len(b.controls) >= restarts })
	a.await(t, "all records", func() bool { return len(a.controls) >= restarts })
	eventually(t, "all confirmed", func() bool { return p.Stats().Unconfirmed == 0 && q.Stats().Unconfirmed == 0 })
	require.Equal(t, numbered(slabs), b.slabs)
	require.Equal(t, []string{"0", "1", "2", "3", "4"}, b.controls)
	require.Equal(t, []string{"0", "1", "2", "3", "4"}, a.controls)
	require.Zero(t, a.resets+b.resets)
	t.Logf("sender %+v", p.Stats())
}

// TestWhatComesTwiceIsHandedOverOnce has each frame doubled. With inbound.judge taken out it finds slabs twice, or does not end.
func TestWhatComesTwiceIsHandedOverOnce(t *testing.T) {
	url := serve(t).ClientURL()
	echo := connect(t, url)
	for _, s := range []string{subject("*", "*"), subject("*", "*") + controlSuffix} {
		_, err := echo.Subscribe(s, func(m *nats.Msg) {
			if m.Reply == "" {
				_ = echo.PublishRequest(m.Subject, "again", m.Data) // fails when the test ends
			}
		})
		require.NoError(t, err)
	}
	require.NoError(t, echo.Flush())
	a, b := newRecorder(), newRecorder()
	p := open(t, connect(t, url), "a", 1, a, "b").Peer("b")
	q := open(t, connect(t, url), "b", 1, b, "a").Peer("a")
	sendAll(t, p, a, 1000)
	q.Control([]byte("once"))
	a.await(t, "a record", func() bool { return len(a.controls) == 1 })
	b.await(t, "slabs", func() bool { return len(b.slabs) >= 1000 })
	eventually(t, "duplicates", func() bool { return p.Stats().Duplicates > 0 && q.Stats().Duplicates > 0 })
	require.Equal(t, numbered(1000), b.slabs)
	require.Equal(t, []string{"once"}, a.controls)
}

// TestWhatASlowConsumerDropsIsSentAgain has the receiver's NATS client drop frames because its goroutine is busy.
func TestWhatASlowConsumerDropsIsSentAgain(t *testing.T) {
	url := serve(t).ClientURL()
	a, b := newRecorder(), &gate{recorder: newRecorder(), opened: make(chan struct{})}
	p := open(t, connect(t, url), "a", 1, a, "b").Peer("b")
	n := open(t, connect(t, url), "b", 1, b, "a")
	require.NoError(t, n.subscriptions[data].SetPendingLimits(12, -1))
	sent := 0
	for ; p.Send(7, fmt.Append(nil, sent)); sent++ {
		eventually(t, "a frame of its own", func() bool { return p.Stats().Sent == int64(sent)+1 })
	}
	eventually(t, "frames are dropped", func() bool {
		dropped, err := n.subscriptions[data].Dropped()
		return err == nil && dropped > 0
	})
	close(b.opened)
	b.await(t, "all slabs", func() bool { return len(b.slabs) >= sent })
	require.Equal(t, numbered(sent), b.slabs)
	require.Positive(t, p.Stats().Resent)
}

// gate is a Handler that breaks its contract: Slab blocks until it is opened.
type gate struct {
	*recorder
	opened chan struct{}
}

func (g *gate) Slab(p *Peer, d Dest, body []byte) {
	<-g.opened
	g.recorder.Slab(p, d, body)
}

// TestANewLifeResetsTheLink has a worker's process replaced while the former one is still there.
func TestANewLifeResetsTheLink(t *testing.T) {
	url := serve(t).ClientURL()
	a, former, b := newRecorder(), newRecorder(), newRecorder()
	former.hold = true
	p := open(t, connect(t, url), "a", 1, a, "b").Peer("b")
	zombie := open(t, connect(t, url), "b", 1, former, "a").Peer("a")
	for range DefaultCredits {
		require.True(t, p.Send(7, []byte("old")))
	}
	require.False(t, p.Send(7, []byte("old")))
	former.await(t, "slabs", func() bool { return len(former.slabs) == DefaultCredits })
	require.Equal(t, uint64(1), p.Life())

	open(t, connect(t, url), "b", 2, b, "a")
	a.await(t, "Reset, and the credit that was waited for", func() bool { return a.resets == 1 && len(a.credits) == 1 })
	eventually(t, "the new life", func() bool { return p.Life() == 2 })
	zombie.Control([]byte("from the dead"))
	zombie.Grant(7)
	eventually(t, "the zombie is refused", func() bool { return p.Stats().Refused > 0 })
	require.Equal(t, DefaultCredits, p.Credits(7))
	sendAll(t, p, a, 100)
	b.await(t, "slabs", func() bool { return len(b.slabs) >= 100 })
	require.Equal(t, numbered(100), b.slabs)
	require.Len(t, former.slabs, DefaultCredits, "the former process gets nothing any more")
	require.Empty(t, a.controls)
	require.Zero(t, b.resets)
}

// TestALinkIsUpAgainAfterEachRestartOfAPeer restarts one end many times while the other sends without regard to it.
func TestALinkIsUpAgainAfterEachRestartOfAPeer(t *testing.T) {
	const lives = 20
	url := serve(t).ClientURL()
	a := newRecorder()
	p := open(t, connect(t, url), "a", 1, a, "b").Peer("b")
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-ended:
				return
			default:
				p.Send(Dest(i%8), fmt.Append(nil, i))
			}
		}
	}()
	for life := range uint64(lives) {
		b := newRecorder()
		n := open(t, connect(t, url), "b", life+1, b, "a")
		b.await(t, "slabs", func() bool { return len(b.slabs) > 100 })
		require.Equal(t, life+1, p.Life())
		require.NoError(t, n.Close())
	}
	close(ended)
	<-done
	a.await(t, "resets", func() bool { return a.resets == lives-1 })
}
