package natsd

import (
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// site is where a contract is tested: one server, or a cluster of three.
type site struct {
	replicas int
	servers  []*server.Server
	urls     string
}

func (s *site) connect(t *testing.T) *nats.Conn { return connect(t, s.urls) }

// everywhere runs a test with one server, and with three whose streams have three replicas.
func everywhere(t *testing.T, test func(t *testing.T, s *site)) {
	t.Run("R1", func(t *testing.T) {
		s := newServer(t, Options{})
		test(t, &site{1, []*server.Server{s.nats}, s.URL()})
	})
	t.Run("R3", func(t *testing.T) { test(t, newTrio(t)) })
}

// newTrio starts a cluster of three servers, with the options of Start, in this process.
func newTrio(t *testing.T) *site {
	t.Helper()
	s := &site{replicas: 3}
	routes := make([]*url.URL, s.replicas)
	for i, port := range freePorts(t, s.replicas) {
		routes[i] = &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	}
	for i := range routes {
		s.servers = append(s.servers, startRouted(t, fmt.Sprintf("n%d", i), routes, i))
	}
	for i, n := range s.servers {
		require.True(t, n.ReadyForConnections(patience))
		s.urls += n.ClientURL() + ","[:min(1, len(s.servers)-1-i)]
	}
	eventually(t, "a leader of JetStream with three peers", func() bool {
		for _, n := range s.servers {
			if n.JetStreamIsLeader() {
				return len(n.JetStreamClusterPeers()) == s.replicas
			}
		}
		return false
	})
	return s
}

func startRouted(t *testing.T, name string, routes []*url.URL, i int) *server.Server {
	t.Helper()
	o := Options{Data: t.TempDir(), Port: -1}.withDefaults()
	so, err := o.server()
	require.NoError(t, err)
	port, err := net.LookupPort("tcp", routes[i].Port())
	require.NoError(t, err)
	so.ServerName, so.Routes = name, routes
	so.Cluster = server.ClusterOpts{Name: "trio", Host: defaultHost, Port: port}
	n, err := server.NewServer(so)
	require.NoError(t, err)
	n.Start()
	t.Cleanup(func() { stop(n) })
	return n
}

// freePorts returns ports that were free a moment ago.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// eventually polls for what NATS tells of by no event.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !true() {
		select {
		case <-deadline.C:
			require.Fail(t, "it did not happen: "+what)
		case <-tick.C:
		}
	}
}

// newStore makes Gale's buckets. A cluster that has just been formed may need another attempt.
func (s *site) newStore(t *testing.T, nc *nats.Conn) (store *cluster.Store) {
	t.Helper()
	eventually(t, "the buckets are made", func() bool {
		var err error
		store, err = cluster.CreateStore(t.Context(), nc, s.replicas)
		return err == nil
	})
	return store
}
