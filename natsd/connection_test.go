package natsd

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// Both ends see that the other one is silent, by pings; a client with NATS' own settings does not for minutes.
func TestN09AHalfOpenConnectionIsSeen(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	p := newStall(t, must(url.Parse(s.URL())).Host)
	lost := make(chan error, 1)
	connect(t, p.url(), nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { lost <- err }))
	control, err := nats.Connect(p.url())
	require.NoError(t, err)
	t.Cleanup(control.Close)
	eventually(t, "both are connected", func() bool { return s.nats.NumClients() == 2 })

	p.freeze()
	begun := time.Now()
	require.ErrorIs(t, receive(t, lost), nats.ErrStaleConnection)
	t.Logf("the client saw it after %v", time.Since(begun))
	require.True(t, control.IsConnected(), "the control would not have needed our settings")
	eventually(t, "the server closes both", func() bool { return s.nats.NumClients() == 0 })
	took := time.Since(begun)
	t.Logf("the server saw it after %v", took)
	require.LessOrEqual(t, took, halfOpen(), "until both ends had seen it")
}

// halfOpen is how long a half-open connection may go unseen. The samples leave room for a machine that has much else to do.
func halfOpen() time.Duration {
	if *long {
		return 6 * time.Second
	}
	return 12 * time.Second
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	select {
	case v := <-c:
		return v
	case <-deadline.C:
		require.FailNow(t, "it did not happen in time")
		panic("unreachable")
	}
}

// What is published while NATS is away fails at once, and does not arrive later. With NATS' own settings it does.
func TestN13NothingStaleIsDeliveredAfterAnOutage(t *testing.T) {
	t.Parallel()
	o := Options{Data: t.TempDir(), Port: -1}
	s := newServer(t, o)
	o.Port = must(strconv.Atoi(must(url.Parse(s.URL())).Port()))
	back := make(chan string, 2)
	ours := connect(t, s.URL(), reconnected(back, "ours"))
	control, err := nats.Connect(s.URL(), reconnected(back, "control"), nats.ReconnectWait(50*time.Millisecond), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(control.Close)
	_, err = jetStream(t, ours).CreateStream(t.Context(), jetstream.StreamConfig{Name: "heard", Subjects: []string{"tuples.>"}})
	require.NoError(t, err)

	s.Shutdown()
	eventually(t, "both see the outage", func() bool { return ours.IsReconnecting() && control.IsReconnecting() })
	require.ErrorIs(t, ours.Publish("tuples.ours", nil), nats.ErrReconnectBufExceeded)
	require.NoError(t, control.Publish("tuples.control", nil))
	newServer(t, o)
	require.ElementsMatch(t, []string{"ours", "control"}, []string{receive(t, back), receive(t, back)})
	require.NoError(t, control.Flush())

	stream, err := jetStream(t, ours).Stream(t.Context(), "heard")
	require.NoError(t, err)
	i, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"tuples.control": 1}, i.State.Subjects)
}

func reconnected(back chan<- string, name string) nats.Option {
	return nats.ReconnectHandler(func(*nats.Conn) { back <- name })
}
