package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/leak"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const deadline = 30 * time.Second // for what must happen

var update = flag.Bool("update", false, "write the golden files")

// TestMain is also the program that is submitted.
func TestMain(m *testing.M) {
	if file := os.Getenv(cluster.DescribeVariable); file != "" {
		os.Exit(describeSample(file))
	}
	flag.Parse()
	goleak.VerifyTestMain(m, leak.OfPut())
}

func describeSample(file string) int {
	text, err := json.Marshal(sampleDefinition())
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return 1
	}
	return 0
}

// fake is a NATS server with a Nimbus whose answers the test says.
type fake struct {
	url string
	nc  *nats.Conn
	mu  struct {
		sync.Mutex
		answers map[string]func(body []byte) (any, error)
	}
}

func startFake(t *testing.T) *fake {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(deadline))
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	f := &fake{url: s.ClientURL()}
	f.mu.answers = map[string]func([]byte) (any, error){}
	f.nc, err = nats.Connect(f.url)
	require.NoError(t, err)
	t.Cleanup(f.nc.Close)
	f.lead(t)
	return f
}

func (f *fake) lead(t *testing.T) {
	t.Helper()
	service, err := micro.AddService(f.nc, micro.Config{Name: cluster.ServiceName, Version: "1.0.0"})
	require.NoError(t, err)
	for _, verb := range cluster.Verbs {
		handler := micro.HandlerFunc(func(r micro.Request) { f.handle(verb, r) })
		require.NoError(t, service.AddEndpoint(verb, handler, micro.WithEndpointSubject(cluster.APISubject(verb))))
	}
	js, err := jetstream.New(f.nc)
	require.NoError(t, err)
	_, err = js.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: cluster.ProgramBucket})
	require.NoError(t, err)
	require.NoError(t, f.nc.Flush())
}

func (f *fake) handle(verb string, r micro.Request) {
	f.mu.Lock()
	answer := f.mu.answers[verb]
	f.mu.Unlock()
	if answer == nil {
		answer = func([]byte) (any, error) { return cluster.Empty{}, nil }
	}
	body, err := answer(r.Data())
	if e := new(cluster.Error); errors.As(err, &e) {
		text, _ := json.Marshal(e)
		_ = r.Error(string(e.Code), e.Message, text)
		return
	}
	_ = r.RespondJSON(body)
}

// on says the answer to a verb.
func on[T any](f *fake, verb string, answer func(T) (any, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.answers[verb] = func(body []byte) (any, error) {
		var request T
		if err := json.Unmarshal(body, &request); err != nil {
			return nil, err
		}
		return answer(request)
	}
}

// gale runs a command line.
func (f *fake) gale(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	t.Setenv("GALE_NATS", f.url)
	return gale(t, args...)
}

func gale(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// golden compares with a file of testdata, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the tests with -update to write it")
	require.Equal(t, string(want), got)
}
