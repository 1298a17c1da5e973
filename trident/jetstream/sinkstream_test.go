package jetstream_test

import (
	"strings"
	"testing"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/trident/jetstream"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestEnsureSinkStream(t *testing.T) {
	r := newSinkRig(t)
	s := jetstream.SinkStream{Access: r.access(), Stream: "OUT", Subjects: []string{"out.>"}}
	require.NoError(t, jetstream.EnsureSinkStream(r.ctx(), s))
	require.NoError(t, jetstream.EnsureSinkStream(r.ctx(), s), "it is there")
	require.NoError(t, r.open(r.options()).Apply(r.ctx(), 1, sinkBatch(1, 2)))

	s.Subjects = append(s.Subjects, "more")
	err := jetstream.EnsureSinkStream(r.ctx(), s)
	require.ErrorIs(t, err, jetstream.ErrStream)
	require.ErrorContains(t, err, `does not take the subject "more"`)
	found, err := r.js.Stream(r.ctx(), "OUT")
	require.NoError(t, err)
	require.Equal(t, []string{"out.>", "marker.OUT.>"}, found.CachedInfo().Config.Subjects, "it is not changed")
}

func TestAStreamThatIsNotFit(t *testing.T) {
	r := newSinkRig(t)
	for want, change := range map[string]func(c *js.StreamConfig){
		"allows no atomic batches": func(c *js.StreamConfig) { c.AllowAtomicPublish = false },
		"the markers: add them":    func(c *js.StreamConfig) { c.Subjects = []string{"out.>"} },
		"(no_ack)":                 func(c *js.StreamConfig) { c.NoAck = true },
		"(subject_transform)": func(c *js.StreamConfig) {
			c.SubjectTransform = &js.SubjectTransformConfig{Source: "out.a", Destination: "out.b"}
		},
		"its retention is Inter": func(c *js.StreamConfig) { c.Retention = js.InterestPolicy },
		"give the sink AllowLimits": func(c *js.StreamConfig) {
			c.MaxAge = time.Hour
		},
		"(max_age, max_msgs or max_bytes)": func(c *js.StreamConfig) { c.MaxMsgs = 100 },
	} {
		r.stream(change)
		_, err := jetstream.Sink(r.options()).Open(r.ctx(), sinkID)
		require.ErrorIs(t, err, jetstream.ErrStream, want)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, jetstream.EnsureSinkStream(r.ctx(), jetstream.SinkStream{Access: r.access(), Stream: "OUT"}), want)
		require.NoError(t, r.js.DeleteStream(r.ctx(), "OUT"))
	}
	o := r.options()
	_, err := jetstream.Sink(o).Open(r.ctx(), sinkID)
	require.ErrorContains(t, err, `stream "OUT"`)
	require.ErrorIs(t, err, js.ErrStreamNotFound)
}

func TestSinkOptionsAreChecked(t *testing.T) {
	o := jetstream.SinkOptions[int]{Stream: "a.b", Subject: "a.*", MarkerSubject: "x..y", MaxBatch: 1001, Timeout: 1, Patience: -1}
	_, err := jetstream.Sink(o).Open(t.Context(), sinkID)
	for _, want := range strings.Fields("Stream Subject Encode MaxBatch Timeout Patience") {
		require.ErrorContains(t, err, "the option "+want+" is")
	}
	_, err = jetstream.Sink(jetstream.SinkOptions[string]{Stream: "OUT", MarkerSubject: "x..y"}).Open(t.Context(), sinkID)
	require.ErrorContains(t, err, "give one of the options Subject and SubjectOf")
	require.ErrorContains(t, err, "the option MarkerSubject is")
}

func TestAServerThatIsAway(t *testing.T) {
	access := connector.Access{URL: "nats://u:s3cr3t@127.0.0.1:1"}
	o := jetstream.SinkOptions[string]{Access: access, Stream: "OUT", Subject: "out", Patience: time.Millisecond}
	_, err := jetstream.Sink(o).Open(t.Context(), sinkID)
	require.ErrorContains(t, err, "tried for 1ms: connect to NATS at nats://u:xxxxx@127.0.0.1:1")
	require.NotContains(t, err.Error(), "s3cr3t")
	require.Error(t, jetstream.EnsureSinkStream(t.Context(), jetstream.SinkStream{Access: access, Stream: "OUT"}))
}
