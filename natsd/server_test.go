package natsd

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func newServer(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Port == 0 {
		o.Port = -1
	}
	s, err := Start(o)
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t *testing.T, url string, more ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := cluster.Connect(cluster.Access{URL: url}, t.Name(), nil, more...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func jetStream(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return js
}

func TestS18FreshStartListensOnLoopbackOnly(t *testing.T) {
	s := newServer(t, Options{MonitorPort: -1})
	require.True(t, s.nats.Addr().(*net.TCPAddr).IP.IsLoopback())
	require.True(t, s.nats.MonitorAddr().IP.IsLoopback())
	r, err := http.Get("http://" + s.nats.MonitorAddr().String() + "/healthz")
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
	http.DefaultClient.CloseIdleConnections()

	plain := newServer(t, Options{})
	require.Nil(t, plain.nats.MonitorAddr())
	require.Nil(t, plain.nats.ClusterAddr())
}

func TestInsecureWarnsAndListens(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	s := newServer(t, Options{Host: "0.0.0.0", Insecure: true, Log: zap.New(core)})
	require.Equal(t, 1, lines.FilterMessageSnippet("everybody who can reach this address").Len())
	require.Equal(t, "127.0.0.1", must(url.Parse(s.URL())).Hostname())
	require.NoError(t, connect(t, s.URL()).Flush())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestWhatWasWrittenIsThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	keys := must(auth.OpenKeys(filepath.Join(dir, "keys")))
	file := filepath.Join(dir, "creds")
	require.NoError(t, auth.WriteFile(file, must(keys.Issue(auth.Daemon, "nimbus"))))
	for i := range 3 {
		s, err := Start(Options{Data: filepath.Join(dir, "nats"), Port: -1, Keys: must(auth.OpenKeys(filepath.Join(dir, "keys")))})
		require.NoError(t, err)
		nc := connect(t, s.URL(), nats.UserCredentials(file))
		store, err := cluster.CreateStore(t.Context(), nc, 1)
		require.NoError(t, err)
		w, err := store.TakeOver(t.Context(), "nimbus")
		require.NoError(t, err)
		require.EqualValues(t, i*2+1, w.Epoch())
		_, err = w.Put(t.Context(), "topology.a", i)
		require.NoError(t, err)
		nc.Close()
		s.Shutdown()
	}
}

func TestAPortInUseIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for _, o := range []Options{{Port: port}, {Port: -1, MonitorPort: port}} {
		o.Data = t.TempDir()
		_, err = Start(o)
		require.ErrorContains(t, err, "in use")
		require.ErrorContains(t, err, strconv.Itoa(port))
		require.ErrorContains(t, err, "stop it, or give another port")
		o.Port, o.MonitorPort = -1, 0
		newServer(t, o).Shutdown() // the folder is not locked any more
	}
}

func TestADataFolderInUseIsTold(t *testing.T) {
	dir := t.TempDir()
	s := newServer(t, Options{Data: dir})
	_, err := Start(Options{Data: dir, Port: -1})
	require.ErrorContains(t, err, "another server uses the data folder "+dir)
	s.Shutdown()
	s.Shutdown()
	newServer(t, Options{Data: dir})
}

func TestADataFolderThatCantBeUsedIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start(Options{Data: file, Port: -1})
	require.ErrorContains(t, err, file)
	require.NoError(t, os.Mkdir(file+".d", 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(file+".d", "jetstream"), nil, 0o600))
	_, err = Start(Options{Data: file + ".d", Port: -1})
	require.ErrorContains(t, err, "JetStream")
}

func TestInProcessNeedsNoSocket(t *testing.T) {
	s := newServer(t, Options{})
	nc := connect(t, "nats://127.0.0.1:1", s.InProcess()) // a port where nobody is
	require.NoError(t, nc.Flush())
}

func TestTheLogOfTheServerIsZaps(t *testing.T) {
	core, lines := observer.New(zap.DebugLevel)
	newServer(t, Options{Log: zap.New(core)})
	require.NotZero(t, lines.FilterMessageSnippet("Server is ready").Len())
	require.Zero(t, lines.Filter(func(l observer.LoggedEntry) bool { return l.Level > zap.DebugLevel }).Len(), "a start says nothing but to who debugs")
}
