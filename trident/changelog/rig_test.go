package changelog_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// rig is a NATS server on disk that may be stopped and started again.
type rig struct {
	t      testing.TB
	dir    string
	port   int
	users  []*server.User
	server *server.Server
}

func newRig(t testing.TB, users ...*server.User) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), port: server.RANDOM_PORT, users: users}
	r.start()
	t.Cleanup(r.stop)
	return r
}

// start starts the server, at the port that it had if it was started before.
func (r *rig) start() {
	r.t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: r.port, JetStream: true, StoreDir: r.dir, NoSigs: true, NoLog: true, SyncAlways: true, Users: r.users,
	})
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

func (r *rig) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", r.port) }

func (r *rig) connect(o ...nats.Option) *nats.Conn {
	r.t.Helper()
	nc, err := nats.Connect(r.url(), append([]nats.Option{nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ReconnectWait(20 * time.Millisecond)}, o...)...)
	require.NoError(r.t, err)
	r.t.Cleanup(nc.Close)
	return nc
}

func (r *rig) js() jetstream.JetStream {
	r.t.Helper()
	js, err := jetstream.New(r.connect())
	require.NoError(r.t, err)
	return js
}

// log opens the log of a topology by a connection of its own.
func (r *rig) log(topology string, o changelog.Options) changelog.Log {
	r.t.Helper()
	l, err := changelog.JetStream(r.t.Context(), r.connect(), topology, o)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, l.Close()) })
	return l
}
