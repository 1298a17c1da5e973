package process

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

func serve(t *testing.T) (url string) {
	t.Helper()
	server, err := natsd.Start(natsd.Options{Data: t.TempDir(), Port: -1})
	require.NoError(t, err)
	t.Cleanup(server.Shutdown)
	return server.URL()
}

func connect(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// versions is a daemon that answers reads with the versions, each once, the last for ever.
func versions(t *testing.T, nc *nats.Conn, all ...uint64) {
	t.Helper()
	var reads atomic.Int64
	_, err := nc.Subscribe(cluster.AssignmentRequestSubject("ID", "W"), func(m *nats.Msg) {
		n := min(int(reads.Add(1)), len(all))
		text, err := json.Marshal(cluster.Assignment{Topology: "t", ID: "ID", Version: all[n-1]})
		if err == nil {
			err = nc.Publish(cluster.AssignmentSubject("ID", "W"), text)
		}
		if err != nil {
			t.Error(err)
		}
	})
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
}

// A hint comes before what it tells of can be read; the reader must not wait for its next read in an hour.
func TestReaderReadsAgainAfterAHint(t *testing.T) {
	nc := connect(t, serve(t))
	versions(t, nc, 1, 1, 1, 2)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := &reader{spec: cluster.WorkerSpec{Topology: "t", TopologyID: "ID", Worker: "W"}, nc: nc, log: zap.NewNop(), out: make(chan news), every: time.Hour}
	over := make(chan struct{})
	go func() { defer close(over); r.run(ctx) }()
	defer func() { cancel(); <-over }()
	next := func() uint64 {
		select {
		case n := <-r.out:
			return n.assignment.Version
		case <-ctx.Done():
			t.Fatal("nothing was read any more")
			return 0
		}
	}
	require.EqualValues(t, 1, next())
	require.NoError(t, nc.Publish(cluster.KeySubject(cluster.AssignmentPrefix+"t"), []byte(`{"version":2}`)))
	require.EqualValues(t, 1, next())
	require.EqualValues(t, 1, next())
	require.EqualValues(t, 2, next())
}

// A hint of a write that the server refuses leads to some reads, not to reads for ever.
func TestReaderGivesUpOnAHint(t *testing.T) {
	r := &reader{seen: 1}
	r.hint([]byte(`{"version":2}`))
	for range maxTries {
		require.NotNil(t, r.again())
	}
	require.Nil(t, r.again())
	r.hint([]byte("no record"))
	require.Nil(t, r.again())
	r.hint([]byte(`{"version":3}`))
	require.NotNil(t, r.again())
	r.seen = 3
	require.Nil(t, r.again())
}
