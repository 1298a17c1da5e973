package nimbus

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

func TestATermEndsBeforeTheLeaseCan(t *testing.T) {
	began := time.Now()
	l := term{began}
	require.Equal(t, began.Add(1500*time.Millisecond), l.end())
	require.Equal(t, began.Add(500*time.Millisecond), l.renewal())
	require.True(t, l.renewal().Before(l.end()))
	require.True(t, l.end().Before(began.Add(cluster.LeaseTTL)))
}

func TestOneOfSeveralLeads(t *testing.T) {
	r := newRig(t)
	first := r.nimbus("n1")
	second, third := r.candidate("n2"), r.candidate("n3")
	r.machine("a", 1)
	epoch := r.status().Epoch
	require.Equal(t, "n1", r.status().Leader)
	require.False(t, second.Leading() || third.Leading())

	first.stop()
	require.False(t, first.Leading())
	s := r.status()
	require.NotEqual(t, "n1", s.Leader)
	require.Greater(t, s.Epoch, epoch)
	require.True(t, second.Leading() != third.Leading())
	require.Equal(t, 1, s.Supervisors, "a new leader knows the supervisors from their records")
}

func (r *rig) status() (s cluster.StatusResponse) {
	r.t.Helper()
	r.must(cluster.VerbStatus, cluster.Empty{}, &s)
	return s
}

func TestALeaderWhoseLeaseIsTakenStepsDown(t *testing.T) {
	r := newRig(t)
	n := r.nimbus("n1")
	epoch := r.status().Epoch
	lease, err := r.js.KeyValue(t.Context(), cluster.LeaseBucket)
	require.NoError(t, err)
	_, err = lease.Put(t.Context(), cluster.LeaseKey, []byte("thief"))
	require.NoError(t, err)
	await(t, "it steps down", func() bool { return !n.Leading() })
	await(t, "it leads again once the thief's lease has expired", n.Leading)
	require.Greater(t, r.status().Epoch, epoch)
}

func TestALeaderWhoseEpochIsOverStepsDownAtItsNextWrite(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 4)
	r.submit("words")
	before, _ := r.topology("words")
	w, err := r.records().TakeOver(t.Context(), "another")
	require.NoError(t, err)

	e := r.refused(cluster.Unavailable, cluster.VerbDeactivate, cluster.NameRequest{Name: "words"})
	require.Contains(t, e.Message, "another Nimbus leads")
	after, _ := r.topology("words")
	require.Equal(t, before, after)

	r.must(cluster.VerbDeactivate, cluster.NameRequest{Name: "words"}, nil)
	require.Greater(t, r.status().Epoch, w.Epoch(), "it leads again, in an epoch of its own")
}

// stall is a connection that can be held up on its way to the server, as that of a machine that is paused.
type stall struct {
	net.Conn
	gate *gate
}

type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil: open; else closed when it opens
	held chan struct{} // receives when something is held up
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		select {
		case g.held <- struct{}{}:
		default:
		}
		<-shut
	}
}

func (s *stall) Write(b []byte) (int, error) {
	s.gate.pass()
	return s.Conn.Write(b)
}

func (g *gate) Dial(network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(context.Background(), network, address)
	return &stall{c, g}, err
}

// a leader is held up in the middle of a write, another takes over and acts, and then the write comes through.
func TestR05TheWriteOfAZombieIsRefused(t *testing.T) {
	r := newRig(t)
	g := &gate{held: make(chan struct{}, 1)}
	n := r.newNimbus("zombie")
	n.connect = []nats.Option{nats.SetCustomDialer(g)}
	zombie := r.start(n)
	t.Cleanup(g.open)
	await(t, "the zombie leads", zombie.Leading)
	r.machine("a", 4)
	r.submit("words")
	r.awaitState("words", "running", 1)

	standby := r.candidate("standby")
	g.close()
	asked := make(chan error, 1)
	go func() { // it will be held up as soon as it writes the record, if a renewal isn't before
		_, err := r.nc.Request(cluster.APISubject(cluster.VerbDeactivate), []byte(`{"name":"words"}`), patience)
		asked <- err
	}()
	<-g.held
	await(t, "the standby leads", standby.Leading)
	await(t, "the zombie knows that it does not", func() bool { return !zombie.Leading() })
	epoch := r.status().Epoch

	g.open()
	r.must(cluster.VerbActivate, cluster.NameRequest{Name: "words"}, nil)
	<-asked
	zombie.stop()
	topology, _ := r.topology("words")
	require.Equal(t, cluster.Active, topology.Status)
	a, _ := r.assignment("words")
	require.True(t, a.Active)
	require.Equal(t, epoch, r.status().Epoch, "the standby still leads")
}
