package changelog_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// three is a NATS cluster that the tests of a run share, since its servers take seconds to agree on a leader. It starts when it is first asked for.
var three struct {
	once    sync.Once
	dir     string
	servers []*server.Server
	tests   int // for names of topologies
}

func stopThree() {
	for _, s := range three.servers {
		s.Shutdown()
		s.WaitForShutdown()
	}
	_ = os.RemoveAll(three.dir)
}

func startThree(t testing.TB) {
	var err error
	three.dir, err = os.MkdirTemp("", "three")
	require.NoError(t, err)
	ports := freePorts(t, 3)
	var routes []*url.URL
	for _, port := range ports {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", port)})
	}
	for i, port := range ports {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("n", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: fmt.Sprint(three.dir, "/", i), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: port}, Routes: routes,
		})
		require.NoError(t, err)
		three.servers = append(three.servers, s)
		s.Start()
	}
	for _, s := range three.servers {
		require.True(t, s.ReadyForConnections(guard))
	}
	for deadline := time.Now().Add(guard); !agreed(); {
		require.True(t, time.Now().Before(deadline), "no leader of JetStream with three peers")
		<-time.After(20 * time.Millisecond)
	}
}

func agreed() bool {
	for _, s := range three.servers {
		if s.JetStreamIsLeader() {
			return len(s.JetStreamClusterPeers()) == 3
		}
	}
	return false
}

// freePorts are ports of this machine that nobody has now.
func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// replicated gives two handles of one log with three replicas, by different servers.
func replicated(t *testing.T) (a, b changelog.Log) {
	if testing.Short() {
		t.Skip("the servers take seconds to agree on a leader")
	}
	three.once.Do(func() { startThree(t) })
	three.tests++
	topology := fmt.Sprint("replicated", three.tests)
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	open := func(s *server.Server) changelog.Log {
		nc, err := nats.Connect(s.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1))
		require.NoError(t, err)
		t.Cleanup(nc.Close)
		l, err := changelog.JetStream(ctx, nc, topology, changelog.Options{Replicas: 3, Timeout: 2 * time.Second})
		require.NoError(t, err)
		t.Cleanup(func() {
			require.NoError(t, l.Close())
			js, err := jetstream.New(nc)
			require.NoError(t, err)
			require.NoError(t, changelog.Remove(context.Background(), js, topology))
		})
		return l
	}
	return open(three.servers[0]), open(three.servers[1])
}

// The leader of the log's stream goes while it is written: nothing that was acknowledged is lost, and nothing older than a fence lands.
func TestAChangeOfTheLeaderLosesNothing(t *testing.T) {
	a, b := replicated(t)
	admin, err := nats.Connect(three.servers[2].ClientURL())
	require.NoError(t, err)
	defer admin.Close()
	name := fmt.Sprint("GALE_STATE_replicated", three.tests)
	old := fence(t, a, "")
	var acked []uint64
	for i := range 60 {
		if i%20 == 10 {
			_, err := admin.Request("$JS.API.STREAM.LEADER.STEPDOWN."+name, nil, guard)
			require.NoError(t, err)
		}
		acked = append(acked, add(t, a, old, changelog.Staged, fmt.Sprint(i)))
	}
	latest := fence(t, b, "")
	_, err = a.Append(t.Context(), old, changelog.Commit, nil)
	require.ErrorIs(t, err, changelog.ErrFenced)
	at := map[uint64]entry{}
	for _, e := range read(t, b, 0, 0) {
		at[e.sequence] = e
	}
	for i, n := range acked {
		require.Equal(t, entry{n, old, changelog.Staged, fmt.Sprint(i)}, at[n])
	}
	require.Equal(t, changelog.Fence, at[latest].kind)
}
