package process

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// A request that has reached the process when it ends is answered; one that comes later finds nobody.
func TestUnlistenAnswersWhatIsThere(t *testing.T) {
	url := serve(t)
	worker, nimbus := connect(t, url), connect(t, url)
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	sub, err := worker.Subscribe("ask", func(m *nats.Msg) {
		arrived <- struct{}{}
		<-release
		if err := m.Respond([]byte("answer")); err != nil {
			t.Error(err)
		}
	})
	require.NoError(t, err)
	require.NoError(t, worker.Flush())

	answers := make(chan *nats.Msg, 2)
	_, err = nimbus.ChanSubscribe("answers", answers)
	require.NoError(t, err)
	require.NoError(t, nimbus.PublishRequest("ask", "answers", nil))
	require.NoError(t, nimbus.PublishRequest("ask", "answers", nil))
	require.NoError(t, nimbus.Flush())
	<-arrived
	require.NoError(t, worker.Flush(), "the second is here, too, and waits")
	over := make(chan struct{})
	go func() { defer close(over); unlisten(sub) }()
	close(release)
	<-over
	for range 2 {
		require.Equal(t, "answer", string((<-answers).Data))
	}
	_, err = nimbus.Request("ask", nil, patience)
	require.ErrorIs(t, err, nats.ErrNoResponders)
}
