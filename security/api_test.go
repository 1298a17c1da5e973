package security

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/galestream/gale/nimbus"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"
)

const patience = 30 * time.Second // for what must happen

// requests has, of each verb, a request that is right, but for what the cluster of the test has.
func requests() map[string]any {
	return map[string]any{
		cluster.VerbSubmit: cluster.SubmitRequest{
			Definition: cluster.Definition{
				Protocol: cluster.Protocol, OS: runtime.GOOS, Arch: runtime.GOARCH, Name: "words", Workers: 1, Timeout: patience,
				Components: []cluster.Component{{ID: "a", Parallelism: 1, Inputs: []cluster.Input{{Component: "s", Stream: "default"}}}, {ID: "s", Parallelism: 1, Spout: true}},
			},
			Program: cluster.Program{Digest: strings.Repeat("0", 64), Size: 1}, Parallelism: map[string]int{"a": 1},
		},
		cluster.VerbKill:        cluster.KillRequest{Name: "words"},
		cluster.VerbActivate:    cluster.NameRequest{Name: "words"},
		cluster.VerbDeactivate:  cluster.NameRequest{Name: "words"},
		cluster.VerbRebalance:   cluster.RebalanceRequest{Name: "words", Parallelism: map[string]int{"a": 1}},
		cluster.VerbList:        cluster.Empty{},
		cluster.VerbDescribe:    cluster.NameRequest{Name: "words"},
		cluster.VerbSupervisors: cluster.Empty{},
		cluster.VerbDrain:       cluster.DrainRequest{Supervisor: "s1"},
		cluster.VerbStatus:      cluster.Empty{},
		cluster.VerbDropState:   cluster.NameRequest{Name: "words"},
		cluster.VerbReadState:   cluster.ReadStateRequest{Name: "words"},
		cluster.VerbCredentials: cluster.CredentialsRequest{TopologyID: "x", Worker: "y"},
	}
}

// text are the places whose text is no name: it is kept as it is, or compared, and becomes no part of a path or a subject.
var text = map[string]string{
	"definition.gale":      "is shown",
	"definition.go":        "is shown",
	"definition.os":        "is compared",
	"definition.arch":      "is compared",
	"definition.labels{=}": "is compared",
	"definition.components[].inputs[].grouping":  "is shown",
	"definition.components[].inputs[].fields[]":  "is shown",
	"definition.components[].streams[].fields[]": "is shown",
	"program.args[]": "is for the program, without a shell between",
	"program.env{=}": "is for the program",
	"program.config": "is the text of a file whose name is not asked for",
}

// api is a NATS server and a Nimbus in this process, with files beside its data.
type api struct {
	dir string
	nc  *nats.Conn
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{dir: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "secret"), []byte("hidden"), 0o600))
	s, err := natsd.Start(natsd.Options{Data: filepath.Join(a.dir, "data"), Port: -1})
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	n, err := nimbus.New(nimbus.Options{ID: "n1", Access: cluster.Access{URL: s.URL()}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-over)
	})
	select {
	case <-n.Led():
	case <-time.After(patience):
		require.Fail(t, "nobody leads")
	}
	a.nc, err = cluster.Connect(cluster.Access{URL: s.URL()}, "test", nil)
	require.NoError(t, err)
	t.Cleanup(a.nc.Close)
	return a
}

// ask returns the refusal of a request; nil when it was done.
func (a *api) ask(t *testing.T, verb string, data []byte) *cluster.Error {
	t.Helper()
	m, err := a.nc.Request(cluster.APISubject(verb), data, patience)
	require.NoError(t, err)
	if m.Header.Get(micro.ErrorCodeHeader) == "" {
		return nil
	}
	e := new(cluster.Error)
	require.NoError(t, json.Unmarshal(m.Data, e))
	return e
}

// records returns the keys of the bucket.
func (a *api) records(t *testing.T) []string {
	t.Helper()
	s, err := cluster.OpenStore(t.Context(), a.nc)
	require.NoError(t, err)
	keys, err := s.KV().Keys(t.Context())
	require.NoError(t, err)
	return keys
}

func TestS01NamesInRequestsLeadNowhere(t *testing.T) {
	a := newAPI(t)
	all := requests()
	require.Len(t, all, len(cluster.Verbs))
	tried := 0
	for _, verb := range cluster.Verbs {
		for _, place := range places(reflect.TypeOf(all[verb]), "") {
			for _, p := range payloads() {
				a.try(t, verb, place, p, put(t, all[verb], place, p))
				tried++
			}
		}
	}
	require.Greater(t, tried, 5000)
	require.Equal(t, []string{cluster.EpochKey}, a.records(t))
	beside, err := os.ReadDir(a.dir)
	require.NoError(t, err)
	require.Len(t, beside, 2, "there are data and the secret")
}

func (a *api) try(t *testing.T, verb, place, payload string, request []byte) {
	t.Helper()
	e := a.ask(t, verb, request)
	require.NotNil(t, e, "%s takes %q as %s", verb, payload, place)
	told := e.Error() + e.Hint
	for _, secret := range []string{"goroutine", "hidden", a.dir, ".go:"} {
		require.NotContains(t, told, secret)
	}
	if _, ok := text[place]; !ok {
		require.Equal(t, cluster.Invalid, e.Code, "%s: %q as %s: %s", verb, payload, place, told)
	}
}
