package chaos

import (
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/internal/faultproxy"
	"github.com/galestream/gale/internal/rig"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// TestR11ReplayBehindTheDuplicateWindow has the answers to what the sink has written vanish for longer than its stream knows duplicates: what it
// writes again is known by its txid alone. In the second round the worker is killed meanwhile, so that another one writes it again.
func TestR11ReplayBehindTheDuplicateWindow(t *testing.T) {
	const window, away = 2 * time.Second, 5 * time.Second
	rounds := 1
	if *long {
		rounds = 5
	}
	g := prepare(t, rig.Options{Supervisors: 1}, tally{Workers: 1, Tasks: 3})
	u, err := url.Parse(g.streams.URL)
	require.NoError(t, err)
	proxy, err := faultproxy.New(u.Host)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	g.tally.Sink = "nats://" + proxy.Addr()
	g.begin()
	g.setDuplicateWindow(window)
	for range rounds {
		for _, killed := range []bool{false, true} {
			before := proxy.Vanished()
			proxy.Set(faultproxy.ToClient, faultproxy.Faults{Drop: true})
			time.Sleep(away) // the fault is one of time
			require.Greater(t, proxy.Vanished(), before, "no answer has vanished")
			if killed {
				rig.Signal(t, -g.workerOf(true).PID, syscall.SIGKILL)
			}
			proxy.Heal()
			g.flows()
		}
	}
	g.settle()
}

func (g *ledger) setDuplicateWindow(d time.Duration) {
	g.t.Helper()
	nc, err := nats.Connect(g.streams.URL)
	require.NoError(g.t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(g.t, err)
	s, err := js.Stream(g.t.Context(), outStream)
	require.NoError(g.t, err)
	c := s.CachedInfo().Config
	c.Duplicates = d
	_, err = js.UpdateStream(g.t.Context(), c)
	require.NoError(g.t, err)
}
