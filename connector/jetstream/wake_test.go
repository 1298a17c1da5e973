package jetstream_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// host is a runtime of one spout task that the test drives itself.
type host struct {
	woken    chan struct{}
	reported chan error
	shared   []any
}

func (h *host) Now() time.Time                             { return time.Now() }
func (h *host) Tasks(string) []topology.TaskID             { return nil }
func (h *host) Counter(string) *topology.Counter           { return new(topology.Counter) }
func (h *host) Gauge(string) *topology.Gauge               { return new(topology.Gauge) }
func (h *host) Histogram(string) (none topology.Histogram) { return none }

func (h *host) Wake() {
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

func (h *host) Report(err error) {
	select {
	case h.reported <- err:
	default:
	}
}

func (h *host) Tell(topology.TaskID, []byte) bool { return false }

func (h *host) Serve(string, topology.Answer) error { return nil }

func (h *host) Shared(_ string, open func() (any, error)) (any, error) {
	x, err := open()
	h.shared = append(h.shared, x)
	return x, err
}

// emitted is a port that keeps the ids of what is emitted.
type emitted struct {
	ids  []any
	data []string
}

func (e *emitted) Emit(x *topology.Emission) {
	e.ids = append(e.ids, x.ID)
	data, _ := x.Values[1].AsBytes()
	e.data = append(e.data, string(data))
}
func (e *emitted) Ack(*topology.Tuple)          {}
func (e *emitted) Fail(*topology.Tuple, error)  {}
func (e *emitted) ResetTimeout(*topology.Tuple) {}
func (e *emitted) Report(error)                 {}

// hosted opens a spout in a host, which ends with the test.
func (r *rig) hosted(o jetstream.SpoutOptions) (*host, topology.Spout) {
	r.t.Helper()
	h := &host{woken: make(chan struct{}, 1), reported: make(chan error, 16)}
	s := jetstream.Spout(o)()
	tc := topology.NewContext(topology.Context{Topology: "test", Component: "in", Task: 1, Parallelism: 1, Log: zap.NewNop()}, nil, h)
	require.NoError(r.t, s.(topology.Opener).Open(r.t.Context(), tc))
	r.t.Cleanup(func() {
		s.(topology.Deactivator).Deactivate()
		require.NoError(r.t, s.(topology.Closer).Close())
		for _, x := range h.shared {
			require.NoError(r.t, x.(interface{ Close() error }).Close())
		}
	})
	return h, s
}

// TestMessagesWakeTheSpout never calls Next but when it was woken.
func TestMessagesWakeTheSpout(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	h, s := r.hosted(jetstream.SpoutOptions{Access: r.access(), Stream: "IN"})
	s.(topology.Activator).Activate()
	e := &emitted{}
	out := topology.NewSpoutCollector(e, []*topology.Stream{{Name: topology.DefaultStream, Fields: jetstream.Fields}})
	for n := 1; n <= 20; n++ {
		r.publish("IN", n, n)
		await(t, h.woken, "the call of Wake")
		require.NoError(t, s.Next(context.Background(), out))
		require.Len(t, e.ids, n)
		s.(topology.Acknowledger).Ack(e.ids[n-1])
	}
	r.eventually(func() bool { return r.consumer("IN", "gale-test-in").AckFloor.Stream == 20 }, "all is acked")
}

// TestDeactivatedSpoutHoldsWhatIsPending has a message come to others that is not emitted, and not one that is.
func TestDeactivatedSpoutHoldsWhatIsPending(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	h, s := r.hosted(jetstream.SpoutOptions{Access: r.access(), Stream: "IN", AckWait: time.Hour})
	s.(topology.Activator).Activate()
	e := &emitted{}
	out := topology.NewSpoutCollector(e, []*topology.Stream{{Name: topology.DefaultStream, Fields: jetstream.Fields}})
	r.publish("IN", 1, 1)
	await(t, h.woken, "the first message")
	require.NoError(t, s.Next(context.Background(), out))
	r.publish("IN", 2, 2)
	await(t, h.woken, "the second message")
	s.(topology.Deactivator).Deactivate()

	c, err := r.js.Consumer(r.ctx(), "IN", "gale-test-in")
	require.NoError(t, err)
	m, err := c.Next()
	require.NoError(t, err)
	require.Equal(t, "2", string(m.Data()))
	s.(topology.Acknowledger).Fail(e.ids[0], nil)
	m, err = c.Next()
	require.NoError(t, err)
	require.Equal(t, "1", string(m.Data()))
}

// TestWhatIsHeldIsNotEmittedAgain has the server deliver a message again whose tree is pending, by a nak from elsewhere.
func TestWhatIsHeldIsNotEmittedAgain(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	h, s := r.hosted(jetstream.SpoutOptions{Access: r.access(), Stream: "IN", AckWait: time.Hour})
	s.(topology.Activator).Activate()
	e := &emitted{}
	out := topology.NewSpoutCollector(e, []*topology.Stream{{Name: topology.DefaultStream, Fields: jetstream.Fields}})
	r.publish("IN", 1, 1)
	await(t, h.woken, "the message")
	require.NoError(t, s.Next(context.Background(), out))
	require.NoError(t, r.js.Conn().Publish("$JS.ACK.IN.gale-test-in.1.1.1.0.0", []byte("-NAK")))
	r.eventually(func() bool { return r.consumer("IN", "gale-test-in").Delivered.Consumer == 2 }, "it is delivered again")
	r.publish("IN", 2, 2)
	await(t, h.woken, "the next message")
	require.NoError(t, s.Next(context.Background(), out))
	require.Equal(t, []string{"1", "2"}, e.data)
	s.(topology.Acknowledger).Ack(e.ids[0])
	r.eventually(func() bool { return r.consumer("IN", "gale-test-in").AckFloor.Stream == 1 }, "the first is acked")
}

func TestAServerThatGoesAwayIsReported(t *testing.T) {
	r := newRig(t)
	r.stream("IN")
	h, s := r.hosted(jetstream.SpoutOptions{Access: r.access(), Stream: "IN"})
	s.(topology.Activator).Activate()
	r.stop()
	for !strings.Contains(await(t, h.reported, "the report of it").Error(), "disconnected from NATS") {
	} // the server may say before that it shuts down
	r.start()
	r.publish("IN", 1, 1)
	await(t, h.woken, "a message after that")
}
