package process

import (
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// Whatever a worker is asked, it answers, and lives.
func FuzzRequest(f *testing.F) {
	verbs := []string{cluster.ControlStatus, cluster.ControlDeactivate, cluster.ControlFinish, "dance"}
	s := newSite(f, nil)
	s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
	w := s.start("W1", 1, flow(newFeed(), newSink(nil)))
	w.awaitPhase(cluster.Running)
	for i := range verbs {
		f.Add(byte(i), []byte(`{"generation":1,"component":"asink"}`))
	}
	f.Add(byte(1), []byte(`{"generation":1,"drain":true}`))
	f.Add(byte(2), []byte(`{"generation":1e99}`))
	answers := make(chan *nats.Msg, 1)
	sub, err := s.daemon.ChanSubscribe("answers", answers)
	require.NoError(f, err)
	defer sub.Unsubscribe()
	f.Fuzz(func(t *testing.T, verb byte, body []byte) {
		subject := cluster.ControlSubject(theID, "W1", verbs[int(verb)%len(verbs)])
		require.NoError(t, s.daemon.PublishRequest(subject, "answers", body))
		var answer cluster.ControlReply
		require.NoError(t, cluster.Decode("answer", (<-answers).Data, &answer))
		require.Equal(t, "W1", answer.Report.Worker)
		require.Empty(t, w.result, "the worker has ended")
	})
}
