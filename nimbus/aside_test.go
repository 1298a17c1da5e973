package nimbus

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// leader is one whose loop the test runs itself, or not at all.
func (r *rig) leader() *leader {
	n := r.newNimbus("n1")
	b, err := n.open(r.t.Context(), r.connect())
	require.NoError(r.t, err)
	l, err := newLeader(r.t.Context(), n, b)
	require.NoError(r.t, err)
	return l
}

// What JetStream takes long for does not keep others waiting: supervisors are heard, and requests are answered.
func TestTheLoopGoesOnWhileWorkIsSetAside(t *testing.T) {
	r := newRig(t)
	l := r.leader()
	require.NoError(t, l.listen())
	over := make(chan error, 1)
	go func() { over <- l.close(l.loop()) }()
	release, ended := make(chan struct{}), false
	slow := &aside{
		work: func(context.Context) (any, error) { <-release; return "dropped", nil },
		done: func() { ended = true },
	}
	reply := make(chan result, 1)
	l.calls <- call{"test", func(*leader) (any, error) { return slow, nil }, reply}
	r.status()
	require.Empty(t, reply)

	close(release)
	require.Equal(t, result{"dropped", nil}, <-reply)
	require.True(t, ended, "it is noted before the answer goes out")
	l.cancel(context.Canceled)
	require.ErrorIs(t, <-over, context.Canceled)
}

func TestALeadershipEndsWhileWorkIsSetAside(t *testing.T) {
	l := newRig(t).leader()
	l.setAside(&aside{work: func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() }}, make(chan result, 1))
	require.ErrorIs(t, l.close(context.Canceled), context.Canceled)
}

func TestNoTopologyBeginsWhileItsStateIsDropped(t *testing.T) {
	r := newRig(t)
	l := r.leader()
	defer l.close(nil)
	drop := func(name string) (*aside, error) {
		response, err := l.dropState(&cluster.NameRequest{Name: name})
		a, _ := response.(*aside)
		return a, err
	}
	leaveState(t, r.js, "words")
	a, err := drop("words")
	require.NoError(t, err)
	require.Equal(t, cluster.Conflict, cluster.CodeOf(l.checkFree("words")))
	require.NoError(t, l.checkFree("others"))
	_, err = drop("words")
	require.Equal(t, cluster.Conflict, cluster.CodeOf(err))
	_, err = a.work(t.Context())
	require.NoError(t, err)
	a.done()
	require.NoError(t, l.checkFree("words"))

	for i := range maxDrops {
		_, err = drop(letters(i + 1)[i])
		require.NoError(t, err)
	}
	_, err = drop("words")
	require.Equal(t, cluster.Unavailable, cluster.CodeOf(err), "there is a bound")
}
