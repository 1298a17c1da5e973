package client

import (
	"context"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

func TestAnAnswerIsReturned(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	on(f, cluster.VerbList, func(cluster.Empty) (any, error) {
		return cluster.ListResponse{Topologies: []cluster.Summary{{Name: "a"}, {Name: "b"}}}, nil
	})
	all, err := f.client(t).List(t.Context())
	require.NoError(t, err)
	require.Equal(t, []cluster.Summary{{Name: "a"}, {Name: "b"}}, all)
}

func TestARefusalKeepsItsCodeHintAndProblems(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	refused := &cluster.Error{Code: cluster.Conflict, Message: "no", Hint: "try again", Problems: []string{"one", "two"}}
	on(f, cluster.VerbKill, func(cluster.KillRequest) (any, error) { return nil, refused })
	err := f.client(t).Kill(t.Context(), cluster.KillRequest{Name: "a"})
	require.Equal(t, refused, err)
}

func TestWithoutALeaderARequestIsUnavailable(t *testing.T) {
	c := startFake(t).client(t)
	c.patience = time.Millisecond
	_, err := c.Status(t.Context())
	require.Equal(t, cluster.Unavailable, cluster.CodeOf(err))
	require.ErrorContains(t, err, "no Nimbus leads")
}

func TestARequestWaitsForALeader(t *testing.T) {
	f := startFake(t)
	c := f.client(t)
	c.patience = deadline
	on(f, cluster.VerbStatus, func(cluster.Empty) (any, error) { return cluster.StatusResponse{Leader: "n1"}, nil })
	refused := make(chan struct{})
	go func() {
		<-refused
		f.lead(t)
	}()
	_, err := c.once(t.Context(), cluster.APISubject(cluster.VerbStatus), nil, deadline)
	require.True(t, unsent(err), "nobody leads yet: %v", err)
	close(refused)
	s, err := c.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, "n1", s.Leader)
}

func TestSilenceIsATimeoutWhoseOutcomeIsUnknown(t *testing.T) {
	f := startFake(t)
	sub, err := f.nc.SubscribeSync(cluster.APISubject(cluster.VerbActivate))
	require.NoError(t, err)
	require.NoError(t, f.nc.Flush())
	c := f.client(t)
	c.answer = 50 * time.Millisecond
	err = c.Activate(t.Context(), "a")
	require.Equal(t, cluster.Timeout, cluster.CodeOf(err))
	require.ErrorContains(t, err, "may still happen")
	_, err = sub.NextMsg(deadline)
	require.NoError(t, err)
	n, _, err := sub.Pending()
	require.NoError(t, err)
	require.Zero(t, n, "what may have been received must not be sent again")
}

// A Nimbus that has just lost its lease says nothing; the next one answers.
func TestALookThatNobodyAnswersIsSentAgain(t *testing.T) {
	f := startFake(t)
	asked := 0
	_, err := f.nc.Subscribe(cluster.APISubject(cluster.VerbStatus), func(m *nats.Msg) {
		if asked++; asked == 2 {
			if err := m.Respond([]byte(`{"leader":"n2"}`)); err != nil {
				t.Error(err)
			}
		}
	})
	require.NoError(t, err)
	require.NoError(t, f.nc.Flush())
	c := f.client(t)
	c.patience, c.look = deadline, 50*time.Millisecond
	s, err := c.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, "n2", s.Leader)
}

func TestACancelledRequestReturnsTheContextsError(t *testing.T) {
	c := startFake(t).client(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Status(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatTheCredentialsForbidIsUnauthorized(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		Users: []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"gale.api.>"}}}}},
	})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(deadline))
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	c, err := Connect(cluster.Access{URL: "nats://u:p@" + s.Addr().String()})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	c.answer = time.Second
	_, err = c.Status(t.Context())
	require.Equal(t, cluster.Unauthorized, cluster.CodeOf(err), "%v", err)
}

func TestAnAnswerThatCantBeReadIsInternal(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	on(f, cluster.VerbStatus, func(cluster.Empty) (any, error) { return []string{"what"}, nil })
	_, err := f.client(t).Status(t.Context())
	require.Equal(t, cluster.Internal, cluster.CodeOf(err))
}
