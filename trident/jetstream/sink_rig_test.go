package jetstream_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// sinkGuard is for tests that would otherwise hang: none waits for it when all is well.
const sinkGuard = 90 * time.Second

// serverFolder, in the environment, has TestSinkServer be a NATS server.
const serverFolder, serverPort, serverBatch, serverDeny = "GALE_TEST_NATS_FOLDER", "GALE_TEST_NATS_PORT", "GALE_TEST_NATS_BATCH", "GALE_TEST_NATS_DENY"

// TestSinkServer is no test: it is the server that tests kill.
func TestSinkServer(t *testing.T) {
	folder := os.Getenv(serverFolder)
	if folder == "" {
		t.Skip("it is run by other tests")
	}
	port, err := strconv.Atoi(os.Getenv(serverPort))
	require.NoError(t, err)
	o := &server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: folder, NoSigs: true, NoLog: true}
	o.JetStreamLimits.MaxBatchSize, _ = strconv.Atoi(os.Getenv(serverBatch))
	if deny := os.Getenv(serverDeny); deny != "" {
		few := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{deny}}}
		o.Users, o.NoAuthUser = []*server.User{{Username: "all", Password: "p"}, {Username: "few", Password: "p", Permissions: few}}, "all"
	}
	s, err := server.NewServer(o)
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(sinkGuard))
	fmt.Println("\nready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the test, or the test's process, ends
	s.Shutdown()
	s.WaitForShutdown()
}

// sinkRig is a NATS server in a process of its own, and a client of the test's.
type sinkRig struct {
	t      *testing.T
	folder string
	port   int
	run    *exec.Cmd
	nc     *nats.Conn
	js     js.JetStream
}

func newSinkRig(t *testing.T) *sinkRig {
	t.Helper()
	r := &sinkRig{t: t, folder: t.TempDir(), port: freePort(t)}
	r.start()
	t.Cleanup(r.kill)
	var err error
	r.nc, err = nats.Connect(r.access().URL, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(r.nc.Close)
	r.js, err = js.New(r.nc)
	require.NoError(t, err)
	return r
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (r *sinkRig) start() {
	r.t.Helper()
	r.run = exec.Command(os.Args[0], "-test.run=^TestSinkServer$", "-test.v")
	r.run.Env = append(os.Environ(), serverFolder+"="+r.folder, fmt.Sprintf("%s=%d", serverPort, r.port))
	r.run.Stderr = os.Stderr
	_, err := r.run.StdinPipe()
	require.NoError(r.t, err)
	out, err := r.run.StdoutPipe()
	require.NoError(r.t, err)
	require.NoError(r.t, r.run.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
	}
	require.Equal(r.t, "ready", lines.Text())
}

// kill is kill -9.
func (r *sinkRig) kill() {
	_ = r.run.Process.Kill()
	_ = r.run.Wait()
}

func (r *sinkRig) access() connector.Access {
	return connector.Access{URL: fmt.Sprintf("nats://127.0.0.1:%d", r.port)}
}

func (r *sinkRig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), sinkGuard)
	r.t.Cleanup(cancel)
	return ctx
}

// stream makes the stream OUT, with the duplicate window that is shortest, so that nothing can rest on it.
func (r *sinkRig) stream(change func(c *js.StreamConfig)) {
	r.t.Helper()
	c := js.StreamConfig{Name: "OUT", Subjects: []string{"out.>", "marker.OUT.>"}, Duplicates: 100 * time.Millisecond, AllowAtomicPublish: true, AllowRollup: true}
	if change != nil {
		change(&c)
	}
	_, err := r.js.CreateStream(r.ctx(), c)
	require.NoError(r.t, err)
}

func (r *sinkRig) options() jetstream.SinkOptions[string] {
	return jetstream.SinkOptions[string]{
		Access: r.access(), Stream: "OUT", SubjectOf: func(s string) string { first, _, _ := strings.Cut(s, " "); return "out." + first },
	}
}

var sinkID = trident.SinkID{Topology: "bank", Sink: "out.puts", Partition: 3}

func (r *sinkRig) open(o jetstream.SinkOptions[string]) trident.Writer[string] {
	r.t.Helper()
	w, err := jetstream.Sink(o).Open(r.ctx(), sinkID)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, w.Close()) })
	return w
}

func (r *sinkRig) applied(w trident.Writer[string]) uint64 {
	r.t.Helper()
	txid, err := w.Applied(r.ctx())
	require.NoError(r.t, err)
	return txid
}

// stored is what who reads the stream gets: all records, in order, and how many markers.
func (r *sinkRig) stored() (records []string, markers int) {
	r.t.Helper()
	s, err := r.js.Stream(r.ctx(), "OUT")
	require.NoError(r.t, err)
	left := int(s.CachedInfo().State.Msgs)
	c, err := r.js.OrderedConsumer(r.ctx(), "OUT", js.OrderedConsumerConfig{})
	require.NoError(r.t, err)
	for left > 0 {
		b, err := c.Fetch(min(left, 500), js.FetchMaxWait(5*time.Second))
		require.NoError(r.t, err)
		for m := range b.Messages() {
			left--
			if jetstream.IsMarker(m.Headers()) {
				markers++
			} else {
				records = append(records, string(m.Data()))
			}
		}
		require.NoError(r.t, b.Error())
	}
	return records, markers
}

// sinkBatch is what a txid has: some records, the same each time.
func sinkBatch(txid uint64, n int) (records []string) {
	for i := range n {
		records = append(records, fmt.Sprintf("%d record %d of txid %d", i%3, i, txid))
	}
	return records
}
