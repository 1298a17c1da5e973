package natsd

import (
	"fmt"
	"sync"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := Start(Options{Data: b.TempDir(), Port: -1})
		require.NoError(b, err)
		s.Shutdown()
	}
}

func benchServer(b *testing.B) (*Server, *nats.Conn) {
	b.Helper()
	s, err := Start(Options{Data: b.TempDir(), Port: -1})
	require.NoError(b, err)
	b.Cleanup(s.Shutdown)
	nc, err := cluster.Connect(cluster.Access{URL: s.URL()}, "bench", nil)
	require.NoError(b, err)
	b.Cleanup(nc.Close)
	return s, nc
}

// BenchmarkPut is the latency of a record of 1 KiB, on the disk when it is over.
func BenchmarkPut(b *testing.B) {
	_, nc := benchServer(b)
	js, err := jetstream.New(nc)
	require.NoError(b, err)
	kv, err := js.CreateKeyValue(b.Context(), jetstream.KeyValueConfig{Bucket: "bench"})
	require.NoError(b, err)
	record := make([]byte, 1<<10)
	for b.Loop() {
		_, err := kv.Put(b.Context(), "key", record)
		require.NoError(b, err)
	}
}

// BenchmarkPublish is the throughput of core messages over loopback from one connection to another.
func BenchmarkPublish(b *testing.B) {
	for _, kib := range []int{20, 32, 60} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) { benchPublish(b, kib<<10) })
	}
}

func benchPublish(b *testing.B, size int) {
	s, from := benchServer(b)
	to, err := cluster.Connect(cluster.Access{URL: s.URL()}, "bench", nil)
	require.NoError(b, err)
	defer to.Close()
	window := make(chan struct{}, 256) // messages under way, so that none is dropped
	var heard sync.WaitGroup
	heard.Add(b.N)
	_, err = to.Subscribe("frames", func(*nats.Msg) { <-window; heard.Done() })
	require.NoError(b, err)
	require.NoError(b, to.Flush())
	frame := make([]byte, size)
	b.SetBytes(int64(size))
	b.ResetTimer()
	for range b.N {
		window <- struct{}{}
		require.NoError(b, from.Publish("frames", frame))
	}
	heard.Wait()
}
