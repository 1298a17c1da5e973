package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
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

// TestMain is also the program that is submitted: what it does is said by PROGRAM.
func TestMain(m *testing.M) {
	if role := os.Getenv("PROGRAM"); role != "" {
		os.Exit(programs[role]())
	}
	goleak.VerifyTestMain(m, leak.OfPut())
}

// fake is a NATS server with a Nimbus whose answers the test says.
type fake struct {
	url string
	nc  *nats.Conn
	mu  struct {
		sync.Mutex
		answers map[string]func(body []byte) (any, error)
		asked   []string
	}
}

func startFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{url: startServer(t)}
	f.mu.answers = map[string]func([]byte) (any, error){}
	nc, err := nats.Connect(f.url)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	f.nc = nc
	return f
}

func startServer(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(deadline))
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

// lead has the fake answer all verbs.
func (f *fake) lead(t *testing.T) {
	t.Helper()
	service, err := micro.AddService(f.nc, micro.Config{Name: cluster.ServiceName, Version: "1.0.0"})
	require.NoError(t, err)
	for _, verb := range cluster.Verbs {
		err := service.AddEndpoint(verb, micro.HandlerFunc(func(r micro.Request) { f.handle(verb, r) }), micro.WithEndpointSubject(cluster.APISubject(verb)))
		require.NoError(t, err)
	}
	require.NoError(t, f.nc.Flush())
}

func (f *fake) handle(verb string, r micro.Request) {
	f.mu.Lock()
	f.mu.asked = append(f.mu.asked, verb)
	answer := f.mu.answers[verb]
	f.mu.Unlock()
	if answer == nil {
		answer = func([]byte) (any, error) {
			return nil, cluster.Errorf(cluster.Internal, "the test has no answer to %q", verb)
		}
	}
	respond(r, answer)
}

func respond(r micro.Request, answer func([]byte) (any, error)) {
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
			return nil, fmt.Errorf("the request: %w", err)
		}
		return answer(request)
	}
}

func (f *fake) verbs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.mu.asked...)
}

// supervise has a supervisor answer requests for logs.
func (f *fake) supervise(t *testing.T, id string, answer func(cluster.LogsRequest) (any, error)) {
	t.Helper()
	service, err := micro.AddService(f.nc, micro.Config{Name: "supervisor", Version: "1.0.0"})
	require.NoError(t, err)
	handler := micro.HandlerFunc(func(r micro.Request) {
		respond(r, func(body []byte) (any, error) {
			var q cluster.LogsRequest
			if err := json.Unmarshal(body, &q); err != nil {
				return nil, err
			}
			return answer(q)
		})
	})
	require.NoError(t, service.AddEndpoint("logs", handler, micro.WithEndpointSubject(cluster.SupervisorSubject(id, cluster.SupervisorLogs))))
	require.NoError(t, f.nc.Flush())
}

// store makes the store of programs, as Nimbus does.
func (f *fake) store(t *testing.T) jetstream.ObjectStore {
	t.Helper()
	js, err := jetstream.New(f.nc)
	require.NoError(t, err)
	store, err := js.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: cluster.ProgramBucket})
	require.NoError(t, err)
	return store
}

func (f *fake) client(t *testing.T) *Client {
	t.Helper()
	c, err := Connect(cluster.Access{URL: f.url})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
