package nimbus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// rig is a NATS server, and whatever of a cluster a test starts with it.
type rig struct {
	t     *testing.T
	o     natsd.Options
	nats  *natsd.Server
	nc    *nats.Conn
	js    jetstream.JetStream
	store *cluster.Store // nil until there was a Nimbus
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, o: natsd.Options{Data: t.TempDir(), Port: -1}}
	r.startNATS()
	t.Cleanup(func() { r.nats.Shutdown() })
	u, err := url.Parse(r.nats.URL())
	require.NoError(t, err)
	r.o.Port, err = strconv.Atoi(u.Port())
	require.NoError(t, err)
	r.nc = r.connect()
	r.js, err = jetstream.New(r.nc)
	require.NoError(t, err)
	return r
}

func (r *rig) startNATS() {
	s, err := natsd.Start(r.o)
	require.NoError(r.t, err)
	r.nats = s
}

func (r *rig) connect() *nats.Conn {
	nc, err := cluster.Connect(cluster.Access{URL: r.nats.URL()}, r.t.Name(), nil)
	require.NoError(r.t, err)
	r.t.Cleanup(nc.Close)
	return nc
}

// daemon is a Nimbus that runs.
type daemon struct {
	*Nimbus
	stop func() // in order; it may be called twice
}

func (r *rig) nimbus(id string, with ...func(*Options)) *daemon {
	d := r.candidate(id, with...)
	await(r.t, "it leads", d.Leading)
	return d
}

// candidate is a Nimbus that need not lead yet.
func (r *rig) candidate(id string, with ...func(*Options)) *daemon {
	return r.start(r.newNimbus(id, with...))
}

func (r *rig) newNimbus(id string, with ...func(*Options)) *Nimbus {
	o := Options{ID: id, Access: cluster.Access{URL: r.nats.URL()}}
	for _, w := range with {
		w(&o)
	}
	n, err := New(o)
	require.NoError(r.t, err)
	return n
}

func (r *rig) start(n *Nimbus) *daemon {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	var once sync.Once
	d := &daemon{n, func() {
		once.Do(func() {
			cancel()
			require.NoError(r.t, <-done)
		})
	}}
	r.t.Cleanup(d.stop)
	return d
}

// records opens the bucket.
func (r *rig) records() *cluster.Store {
	if r.store == nil {
		s, err := cluster.OpenStore(r.t.Context(), r.nc)
		require.NoError(r.t, err)
		r.store = s
	}
	return r.store
}

func (r *rig) assignment(name string) (a cluster.Assignment, ok bool) {
	_, err := r.records().Get(r.t.Context(), cluster.AssignmentPrefix+name, &a)
	return a, err == nil
}

func (r *rig) topology(name string) (t cluster.Topology, ok bool) {
	_, err := r.records().Get(r.t.Context(), cluster.TopologyPrefix+name, &t)
	return t, err == nil
}

// await polls, for what has no event of its own.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, patience, 5*time.Millisecond, what)
}

// answerPatience is how long an answer is waited for before a request is sent again: a leader that steps down may leave it unanswered.
const answerPatience = 3 * time.Second

// ask sends a request to whoever leads, again while nobody does.
func (r *rig) ask(verb string, request, response any) error {
	body, err := json.Marshal(request)
	require.NoError(r.t, err)
	for end := time.Now().Add(patience); ; {
		m, err := r.nc.Request(cluster.APISubject(verb), body, answerPatience)
		if err != nil && time.Now().Before(end) {
			continue
		}
		require.NoError(r.t, err)
		err = r.answer(m, response)
		if e := new(cluster.Error); !errors.As(err, &e) || !strings.Contains(e.Message, "has just stepped down") {
			return err
		}
	}
}

func (r *rig) answer(m *nats.Msg, response any) error {
	if m.Header.Get(micro.ErrorCodeHeader) == "" {
		if response != nil {
			require.NoError(r.t, json.Unmarshal(m.Data, response))
		}
		return nil
	}
	e := new(cluster.Error)
	require.NoError(r.t, json.Unmarshal(m.Data, e))
	require.Equal(r.t, m.Header.Get(micro.ErrorCodeHeader), string(e.Code))
	return e
}

func (r *rig) must(verb string, request, response any) {
	r.t.Helper()
	require.NoError(r.t, r.ask(verb, request, response))
}

// refused sends a request that must be refused.
func (r *rig) refused(code cluster.Code, verb string, request any) *cluster.Error {
	r.t.Helper()
	e := new(cluster.Error)
	require.ErrorAs(r.t, r.ask(verb, request, nil), &e)
	require.Equal(r.t, code, e.Code, e.Error())
	if code == cluster.Conflict || code == cluster.NoRoom { // which are nobody's mistake: there is something that can be done
		require.NotEmpty(r.t, e.Hint, e.Error())
	}
	return e
}

func (r *rig) describe(name string) (d cluster.Description) {
	r.t.Helper()
	r.must(cluster.VerbDescribe, cluster.NameRequest{Name: name}, &d)
	return d
}

// awaitState polls until the topology is at state and, unless it is 0, its generation runs.
func (r *rig) awaitState(name, state string, generation int) (d cluster.Description) {
	r.t.Helper()
	await(r.t, name+" is "+state, func() bool {
		d = r.describe(name)
		return d.State == state && (generation == 0 || d.Generation == generation)
	})
	return d
}

func (r *rig) awaitGone(name string) {
	r.t.Helper()
	await(r.t, name+" is gone", func() bool {
		return cluster.CodeOf(r.ask(cluster.VerbDescribe, cluster.NameRequest{Name: name}, nil)) == cluster.NotFound
	})
}

// upload puts a program into the store.
func (r *rig) upload(text string) cluster.Program {
	p := program(text)
	_, err := r.programs().Put(r.t.Context(), jetstream.ObjectMeta{Name: p.Digest}, bytes.NewBufferString(text))
	require.NoError(r.t, err)
	return p
}

func (r *rig) programs() jetstream.ObjectStore {
	programs, err := r.js.ObjectStore(r.t.Context(), cluster.ProgramBucket)
	require.NoError(r.t, err)
	return programs
}

func (r *rig) stored(p cluster.Program) bool {
	_, err := r.programs().GetInfo(r.t.Context(), p.Digest)
	return err == nil
}

// words is the definition of a topology of four tasks: a spout of one and bolts of one and two.
func words(name string) cluster.Definition {
	return cluster.Definition{
		Protocol: cluster.Protocol, OS: runtime.GOOS, Arch: runtime.GOARCH, Name: name, Workers: 2, Timeout: patience,
		Components: []cluster.Component{
			{ID: "count", Parallelism: 2, Inputs: []cluster.Input{{Component: "split", Stream: "default", Grouping: "fields"}}},
			{ID: "lines", Parallelism: 1, Spout: true},
			{ID: "split", Parallelism: 1, Inputs: []cluster.Input{{Component: "lines", Stream: "default", Grouping: "shuffle"}}},
		},
	}
}

// submit runs words under the name.
func (r *rig) submit(name string, with ...func(*cluster.SubmitRequest)) (s cluster.SubmitResponse) {
	r.t.Helper()
	r.must(cluster.VerbSubmit, r.request(name, with...), &s)
	return s
}

func program(text string) cluster.Program {
	sum := sha256.Sum256([]byte(text))
	return cluster.Program{Digest: hex.EncodeToString(sum[:]), Size: int64(len(text))}
}

func (r *rig) request(name string, with ...func(*cluster.SubmitRequest)) *cluster.SubmitRequest {
	request := &cluster.SubmitRequest{Definition: words(name), Program: r.upload("program of " + name)}
	for _, w := range with {
		w(request)
	}
	return request
}
