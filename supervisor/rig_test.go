package supervisor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/galestream/gale/cluster"
)

// deadline is how long tests wait for what must happen: it is for machines that hardly run.
const deadline = 60 * time.Second

// rig is a NATS server with the buckets, this program in the store, and who may write.
type rig struct {
	server  *server.Server
	nc      *nats.Conn
	js      jetstream.JetStream
	store   *cluster.Store
	writer  *cluster.Writer
	program cluster.Program
}

// shared is the rig of all tests that don't harm it.
var shared struct {
	once sync.Once
	dir  string
	rig  *rig
}

func shutDown() {
	if shared.rig != nil {
		shared.rig.close()
		os.RemoveAll(shared.dir)
	}
}

func sharedRig(t *testing.T) *rig {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "supervisor-test")
		require.NoError(t, err)
		shared.dir, shared.rig = dir, newRig(t, dir, -1)
	})
	require.NotNil(t, shared.rig, "the server could not be started for a test before")
	return shared.rig
}

func newRig(t *testing.T, dir string, port int) *rig {
	t.Helper()
	r := &rig{server: startServer(t, dir, port)}
	var err error
	r.nc, err = nats.Connect(r.server.ClientURL(), nats.MaxReconnects(-1))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	r.store, err = cluster.CreateStore(ctx, r.nc, 1)
	require.NoError(t, err)
	r.writer, err = r.store.TakeOver(ctx, "test")
	require.NoError(t, err)
	r.js, err = jetstream.New(r.nc)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(self)
	require.NoError(t, err)
	r.program = r.upload(t, content)
	return r
}

func startServer(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(deadline))
	return s
}

func (r *rig) close() {
	r.nc.Close()
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

// upload puts a program into the store.
func (r *rig) upload(t *testing.T, content []byte) cluster.Program {
	t.Helper()
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	r.put(t, digest, content)
	return cluster.Program{Digest: digest, Size: int64(len(content))}
}

func (r *rig) put(t *testing.T, name string, content []byte) {
	t.Helper()
	store, err := r.js.ObjectStore(t.Context(), cluster.ProgramBucket)
	require.NoError(t, err)
	_, err = store.PutBytes(t.Context(), name, content)
	require.NoError(t, err)
}

// assign writes an assignment of one worker that does what act says, and returns it.
func (r *rig) assign(t *testing.T, s *Supervisor, act string) *cluster.Assignment {
	t.Helper()
	program := r.program
	program.Args = []string{act}
	a := assignment(s.ID(), program)
	a.Epoch = r.writer.Epoch()
	r.write(t, a)
	return a
}

func assignment(supervisor string, program cluster.Program) *cluster.Assignment {
	id := nuid.Next()
	return &cluster.Assignment{Topology: "t" + id, ID: id, Version: 1, Active: true, Current: &cluster.Generation{
		Number: 1, Program: program, Workers: []cluster.Worker{{ID: nuid.Next(), Supervisor: supervisor, Tasks: []cluster.TaskID{1}}}}}
}

func (r *rig) write(t *testing.T, a *cluster.Assignment) {
	t.Helper()
	_, err := r.writer.Put(t.Context(), cluster.AssignmentPrefix+a.Topology, a)
	require.NoError(t, err)
}

func (r *rig) remove(t *testing.T, a *cluster.Assignment) {
	t.Helper()
	require.NoError(t, r.writer.Delete(t.Context(), cluster.AssignmentPrefix+a.Topology))
}

// watched is a supervisor that runs, and its beats.
type watched struct {
	*Supervisor
	data  string
	beats chan cluster.Beat
	end   func() // ends it, and waits until it has ended; its workers run on unless they are to be stopped
}

// run runs a supervisor until the test is over. Its workers are stopped then.
func (r *rig) run(t *testing.T, change func(*Options)) *watched {
	t.Helper()
	o := Options{Data: filepath.Join(t.TempDir(), "data"), Access: cluster.Access{URL: r.server.ClientURL()}, StopWorkers: true,
		Timing: Timing{Beat: 100 * time.Millisecond}, Log: zaptest.NewLogger(t)}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	require.NoError(t, err)
	w := &watched{Supervisor: s, data: o.Data, beats: r.beats(t, s.ID())}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.end = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(w.end)
	return w
}

func (r *rig) beats(t *testing.T, id string) chan cluster.Beat {
	t.Helper()
	beats := make(chan cluster.Beat, 10_000)
	sub, err := r.nc.Subscribe(cluster.BeatSubject(id), func(m *nats.Msg) {
		var b cluster.Beat
		if json.Unmarshal(m.Data, &b) == nil {
			beats <- b
		}
	})
	require.NoError(t, err)
	if r.server.Running() {
		require.NoError(t, r.nc.Flush())
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	return beats
}

// await returns the first beat for which ok holds.
func (w *watched) await(t *testing.T, what string, ok func(*cluster.Beat) bool) cluster.Beat {
	t.Helper()
	late := time.After(deadline)
	var last cluster.Beat
	for {
		select {
		case last = <-w.beats:
			if ok(&last) {
				return last
			}
		case <-late:
			require.FailNow(t, "no beat says: "+what, "the last: %+v", last)
		}
	}
}

// awaitWorker returns the first process of the worker for which ok holds.
func (w *watched) awaitWorker(t *testing.T, a *cluster.Assignment, what string, ok func(*cluster.Process) bool) cluster.Process {
	t.Helper()
	var found cluster.Process
	w.await(t, what, func(b *cluster.Beat) bool {
		for _, p := range b.Processes {
			if p.Worker == workerOf(a) && ok(&p) {
				found = p
				return true
			}
		}
		return false
	})
	return found
}

// awaitGone waits until the worker is there no more.
func (w *watched) awaitGone(t *testing.T, a *cluster.Assignment) {
	t.Helper()
	w.await(t, "the worker is gone", func(b *cluster.Beat) bool {
		for _, p := range b.Processes {
			if p.Worker == workerOf(a) {
				return false
			}
		}
		return true
	})
}

func (w *watched) place(a *cluster.Assignment) string {
	return filepath.Join(w.data, workersDir, workerOf(a))
}

func workerOf(a *cluster.Assignment) string { return a.Current.Workers[0].ID }

func runs(life uint64) func(*cluster.Process) bool {
	return func(p *cluster.Process) bool { return p.State == string(running) && p.Life == life && p.PID != 0 }
}

// eventually waits for something that no event tells of.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, deadline, 10*time.Millisecond, what)
}

func serverPort(t *testing.T, s *server.Server) int {
	t.Helper()
	a, ok := s.Addr().(*net.TCPAddr)
	require.True(t, ok)
	return a.Port
}
