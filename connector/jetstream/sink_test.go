package jetstream_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// counting is a spout of the numbers from 1 to last, which emits again what fails.
type counting struct {
	n, last int64
	failed  []int64
	acked   int64
}

func (c *counting) Next(_ context.Context, out *topology.SpoutCollector) error {
	n := c.n + 1
	switch {
	case len(c.failed) > 0:
		n, c.failed = c.failed[0], c.failed[1:]
	case c.n == c.last:
		return topology.ErrEnd
	default:
		c.n++
	}
	out.EmitID(n, strconv.FormatInt(n, 10), "OUT."+strconv.FormatInt(n%3, 10), n/2)
	return nil
}

func (c *counting) Ack(any)              { c.acked++ }
func (c *counting) Fail(id any, _ error) { c.failed = append(c.failed, id.(int64)) }

// sinkRun runs the numbers from 1 to last through a sink.
func sinkRun(r *rig, last int64, o jetstream.SinkOptions) *counting {
	r.t.Helper()
	o.Access = r.access()
	c := &counting{last: last}
	r.run(func(b *topology.Builder) {
		b.Spout("n", func() topology.Spout { return c }).Emits("data", "subject", "half")
		jetstream.Sink(b, "out", o).Shuffle("n")
	})
	return c
}

func TestStoresAll(t *testing.T) {
	for name, o := range map[string]jetstream.SinkOptions{
		"": {Subject: "OUT"}, "one in flight": {Subject: "OUT", InFlight: 1}, "a subject of their own": {SubjectField: "subject", Stream: "OUT"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.stream("OUT")
			c := sinkRun(r, 500, o)
			require.Equal(t, numbers(1, 500), r.stored("OUT"))
			require.Equal(t, int64(500), c.acked)
		})
	}
}

func TestMessageIDsAreStoredOnce(t *testing.T) {
	r := newRig(t)
	r.stream("OUT")
	c := sinkRun(r, 9, jetstream.SinkOptions{Subject: "OUT", MsgIDField: "half"})
	require.Equal(t, []string{"1", "2", "4", "6", "8"}, r.stored("OUT"))
	require.Equal(t, int64(9), c.acked)
}

func TestWhatTheStreamRefusesFails(t *testing.T) {
	r := newRig(t)
	r.stream("OUT")
	failures := make(chan error, 100)
	r.background(func(b *topology.Builder) {
		b.Spout("n", func() topology.Spout { return &refused{failures: failures} }).Emits("data", "subject")
		jetstream.Sink(b, "out", jetstream.SinkOptions{Access: r.access(), SubjectField: "subject", Stream: "OUT"}).Shuffle("n")
	})
	require.ErrorContains(t, await(t, failures, "no stream takes it"), `publish on "ELSEWHERE"`)
	require.ErrorContains(t, await(t, failures, "its data is no bytes"), `the field "data" holds int64; it must be a []byte or a string`)
}

// refused emits two tuples, the second when it hears of the first.
type refused struct {
	failures chan<- error
	emitted  int
	heard    int
}

func (r *refused) Next(_ context.Context, out *topology.SpoutCollector) error {
	if r.emitted > r.heard || r.emitted == 2 {
		return nil
	}
	r.emitted++
	if r.emitted == 1 {
		out.EmitID(1, "x", "ELSEWHERE")
	} else {
		out.EmitID(2, 17, "OUT")
	}
	return nil
}

func (r *refused) Ack(any)               {}
func (r *refused) Fail(_ any, err error) { r.heard++; r.failures <- err }

func TestPrepareSaysWhatIsWrong(t *testing.T) {
	r := newRig(t)
	r.stream("OUT")
	for want, o := range map[string]jetstream.SinkOptions{
		`a stream that takes the subject "ELSEWHERE"`: {Subject: "ELSEWHERE"},
		`the stream "OUT" takes the subject "OUT"`:    {Subject: "OUT", Stream: "OTHER"},
		`give one of them`:                            {},
		`the option InFlight is -1`:                   {Subject: "OUT", InFlight: -1},
		`the option Timeout is 1ms`:                   {Subject: "OUT", Timeout: time.Millisecond},
		`the option Stream is "a b"`:                  {Subject: "OUT", Stream: "a b"},
	} {
		o.Access = r.access()
		w := r.worker(func(b *topology.Builder) {
			b.Spout("n", func() topology.Spout { return &counting{last: 1} }).Emits("data", "subject", "half")
			jetstream.Sink(b, "out", o).Shuffle("n")
		})
		require.ErrorContains(t, w.Run(r.ctx()), want)
	}
}
