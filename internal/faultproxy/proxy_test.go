package faultproxy_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/internal/faultproxy"
)

func TestBytesPassBothWays(t *testing.T) {
	_, client, far := connect(t)
	say(t, client, "ping")
	hear(t, far, "ping")
	say(t, far, "pong")
	hear(t, client, "pong")
}

func TestManyConnectionsCarryMuch(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s.Addr().String())
	p.Set(faultproxy.ToServer, faultproxy.Faults{Jitter: 2 * time.Millisecond, Seed: 7})
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	var wait sync.WaitGroup
	for range 20 {
		client := dial(t, p).(*net.TCPConn)
		far := s.next(t)
		wait.Go(func() {
			io.Copy(far, far)
			far.Close()
		})
		wait.Go(func() {
			client.Write(data)
			client.CloseWrite()
		})
		wait.Go(func() {
			echo, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(echo, data) {
				t.Errorf("%d bytes came back, not the %d that were sent: %v", len(echo), len(data), err)
			}
		})
	}
	wait.Wait()
}

func TestAClosePassesAndLeavesTheOtherDirectionOpen(t *testing.T) {
	_, client, far := connect(t)
	say(t, client, "last words")
	require.NoError(t, client.(*net.TCPConn).CloseWrite())
	heard, err := rest(far)
	require.NoError(t, err)
	require.Equal(t, "last words", heard)
	say(t, far, "goodbye")
	require.NoError(t, far.Close())
	heard, err = rest(client)
	require.NoError(t, err)
	require.Equal(t, "goodbye", heard)
}

func TestAResetPasses(t *testing.T) {
	_, client, far := connect(t)
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	_, err := rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestATargetThatIsNotThereResets(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s.Addr().String())
	require.NoError(t, s.Close())
	require.ErrorIs(t, attempt(p), syscall.ECONNRESET)
}

func TestDelay(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.ToServer, faultproxy.Faults{Delay: 50 * time.Millisecond})
	start := time.Now()
	say(t, client, "a")
	hear(t, far, "a")
	require.GreaterOrEqual(t, time.Since(start), 50*time.Millisecond)
}

func TestBandwidth(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.ToClient, faultproxy.Faults{Bandwidth: 1_000_000})
	text := string(make([]byte, 100_000))
	start := time.Now()
	say(t, far, text)
	hear(t, client, text)
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
}

// TestHealEndsDelays says something that would take a day.
func TestHealEndsDelays(t *testing.T) {
	for name, f := range map[string]faultproxy.Faults{
		"delay":     {Delay: 24 * time.Hour},
		"jitter":    {Jitter: 24 * 365 * time.Hour},
		"bandwidth": {Bandwidth: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p, client, far := connect(t)
			p.Set(faultproxy.ToServer, f)
			text := string(make([]byte, 24*60*60))
			say(t, client, text)
			for range 100 { // so that the proxy most likely waits by now
				say(t, far, ".")
				hear(t, client, ".")
			}
			p.Heal()
			hear(t, far, text)
		})
	}
}

func TestAOneWayCut(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.ToServer, faultproxy.Faults{Drop: true})
	say(t, client, "lost")
	hasVanished(t, p, 4)
	say(t, far, "the other way is whole")
	hear(t, client, "the other way is whole")
	say(t, client, "again")
	hasVanished(t, p, 9)

	p.Heal()
	heard, err := rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET, "a stream has no holes")
	require.Empty(t, heard)
	_, err = rest(client)
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestWhatIsOnItsWayIsDroppedToo(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.ToServer, faultproxy.Faults{Delay: 24 * time.Hour})
	say(t, client, "late")
	p.Set(faultproxy.ToServer, faultproxy.Faults{Drop: true})
	hasVanished(t, p, 4)
	p.Heal()
	heard, err := rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Empty(t, heard)
}

func TestHealKeepsWhatHasLostNothing(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.Both, faultproxy.Faults{Drop: true})
	p.Heal()
	say(t, client, "still here")
	hear(t, far, "still here")
}

// TestHalfOpen has a client go away in a way that its server can't notice, not even by talking to it.
func TestHalfOpen(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.Both, faultproxy.Faults{Drop: true})
	say(t, client, "lost")
	require.NoError(t, client.Close())
	for i := range int64(100) {
		say(t, far, "?")
		hasVanished(t, p, 5+i)
	}
	p.Heal()
	_, err := rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// TestTheFarSideOfADeadClient does the same with a server whose words still reach the client's machine.
func TestTheFarSideOfADeadClient(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.ToServer, faultproxy.Faults{Drop: true})
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	for p.Vanished() < 10 {
		say(t, far, "?") // what arrives is answered by a reset, which doesn't come through
	}
	p.Heal()
	_, err := rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// TestACloseThatWasLostIsNotHeard has both sides say that they have no more to say, and only the client hears it.
func TestACloseThatWasLostIsNotHeard(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.ToServer, faultproxy.Faults{Drop: true})
	say(t, client, "lost")
	require.NoError(t, client.(*net.TCPConn).CloseWrite())
	hasVanished(t, p, 4)
	require.NoError(t, far.(*net.TCPConn).CloseWrite())
	_, err := rest(client)
	require.NoError(t, err)
	p.Heal()
	_, err = rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// TestHealingOneWayIsNotEnough has the connection wait for its reset until that could come through both ways.
func TestHealingOneWayIsNotEnough(t *testing.T) {
	p, client, far := connect(t)
	p.Set(faultproxy.Both, faultproxy.Faults{Drop: true})
	say(t, client, "lost")
	hasVanished(t, p, 4)
	p.Set(faultproxy.ToServer, faultproxy.Faults{})
	say(t, client, "after a hole")
	hasVanished(t, p, 16)
	p.Heal()
	heard, err := rest(far)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Empty(t, heard)
}

func TestWhoConnectsWhileADirectionDropsReachesNobody(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s.Addr().String())
	p.Set(faultproxy.ToClient, faultproxy.Faults{Drop: true})
	early := dial(t, p)
	say(t, early, "hello?")
	hasVanished(t, p, 6)
	p.Heal()
	_, err := rest(early)
	require.ErrorIs(t, err, syscall.ECONNRESET)

	say(t, dial(t, p), "first")
	hear(t, s.next(t), "first")
	require.Empty(t, s.conns)
}

func TestCut(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s.Addr().String())
	client := dial(t, p)
	far := s.next(t)
	p.Cut()
	for _, conn := range []net.Conn{client, far} {
		_, err := rest(conn)
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
	require.ErrorIs(t, attempt(p), syscall.ECONNRESET)

	p.Heal()
	say(t, dial(t, p), "first")
	hear(t, s.next(t), "first")
	require.Empty(t, s.conns)
}

// TestCloseWaitsForNothing closes a proxy in which much is waiting.
func TestCloseWaitsForNothing(t *testing.T) {
	s := newServer(t)
	p := newProxy(t, s.Addr().String())
	p.Set(faultproxy.ToServer, faultproxy.Faults{Delay: 24 * time.Hour})
	late := dial(t, p)
	s.next(t)
	say(t, late, "late")
	p.Set(faultproxy.ToClient, faultproxy.Faults{Drop: true})
	say(t, dial(t, p), "to nobody")
	hasVanished(t, p, 9)
	p.Close()
	p.Close()
	_, err := net.Dial("tcp", p.Addr())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestAReceiverThatDoesNotReadStopsItsSenderUntilACut sends more than all buffers hold.
func TestAReceiverThatDoesNotReadStopsItsSenderUntilACut(t *testing.T) {
	p, client, far := connect(t)
	written := make(chan error)
	go func() {
		_, err := client.Write(make([]byte, 64<<20))
		written <- err
	}()
	hear(t, far, string(make([]byte, 8<<20)))
	p.Cut()
	require.ErrorIs(t, <-written, syscall.ECONNRESET)
}
