package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/galestream/gale"
	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startNATS starts a server of the test's own.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(time.Minute))
	return s.ClientURL()
}

// run does what the command does with the arguments, until it ends by itself.
func run(t *testing.T, out io.Writer, args ...string) error {
	t.Helper()
	o, err := parseOptions(args, io.Discard)
	require.NoError(t, err)
	b, err := o.builder()
	require.NoError(t, err)
	if o.check {
		b = check(o, out)
	}
	topo, err := b.Build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = gale.Run(ctx, topo, worker.Options{})
	require.NoError(t, ctx.Err(), "it did not end by itself")
	return err
}

func TestEachNumberHasItsResult(t *testing.T) {
	at := "-nats=" + startNATS(t)
	require.NoError(t, run(t, nil, at, "-fill=1000", "-rate=20000"))
	require.NoError(t, run(t, nil, at, "-end"))
	var said bytes.Buffer
	require.NoError(t, run(t, &said, at, "-check"))
	require.Equal(t, "numbers 1000, results 1000: lost 0, duplicates 0, wrong 0, unexpected 0\n", said.String())
}

func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	url := startNATS(t)
	require.NoError(t, run(t, nil, "-nats="+url, "-fill=5"))
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	defer nc.Close()
	for _, r := range []string{`{"n":1,"result":0}`, `{"n":3,"result":7}`, `{"n":3,"result":7}`, `{"n":4,"result":3}`, `{"n":9,"result":19}`, `nothing`} {
		_, err := nc.Request("relay.RESULTS", []byte(r), time.Minute)
		require.NoError(t, err)
	}
	var said bytes.Buffer
	require.ErrorContains(t, run(t, &said, "-nats="+url, "-check"), "lost, first of all: [2 4 5]")
	require.Equal(t, "numbers 5, results 6: lost 3, duplicates 1, wrong 1, unexpected 2\n", said.String())
}

func TestCollatz(t *testing.T) {
	for n, steps := range map[int64]int64{1: 0, 2: 1, 3: 7, 27: 111, 837_799: 524, 670_617_279: 986} {
		require.Equal(t, steps, collatz(n), "of %d", n)
	}
}

func TestComputePassesOverWhatIsNoNumber(t *testing.T) {
	h := topologytest.RunBolt(t, topology.BoltFunc(compute), func(d *topology.BoltDeclarer) { d.Emits("data") },
		jetstream.Fields, [][]any{message("27"), message("x"), message("0"), message("1000000001")})
	require.Equal(t, [][]any{{[]byte(`{"n":27,"result":111}`)}}, h.On(""))
	require.Len(t, h.Acked, 4)
}

func message(data string) []any { return []any{"s", []byte(data), int64(1), time.Unix(0, 0)} }

func TestOptionsSayWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"there are no arguments besides the flags": {"x"},
		"they must name two streams":               {"-in=A", "-out=A"},
		"-fill is -1":                              {"-fill=-1"},
		"-rate is -1":                              {"-fill=1", "-rate=-1"},
		"-rate goes with -fill only":               {"-rate=1"},
		"exclude each other":                       {"-fill=1", "-check"},
		"go together":                              {"-tls-cert=c"},
	} {
		var said bytes.Buffer
		_, err := parseOptions(args, &said)
		require.ErrorContains(t, err, want, fmt.Sprint(args))
		require.Contains(t, said.String(), "usage: relay")
	}
}
