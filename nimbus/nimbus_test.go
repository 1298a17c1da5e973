package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

func TestOptionsThatAreWrong(t *testing.T) {
	for _, o := range []Options{{}, {ID: "a.b"}, {ID: "n1", Replicas: 6}, {ID: "n1", Replicas: -1}} {
		_, err := New(o)
		require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
	}
}

func TestWithoutNATSRunFails(t *testing.T) {
	r := newRig(t)
	n := r.newNimbus("n1")
	r.nats.Shutdown()
	require.Equal(t, cluster.Unavailable, cluster.CodeOf(n.Run(t.Context())))
}

func TestLedIsClosedOnceItAnswers(t *testing.T) {
	r := newRig(t)
	n := r.candidate("n1")
	select {
	case <-n.Led():
	case <-time.After(patience):
		require.Fail(t, "it never leads")
	}
	require.Equal(t, "n1", r.status().Leader)
}

func TestSubmitDescribeKill(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	a, b := r.machine("a", 2), r.machine("b", 2)

	s := r.submit("words")
	require.Equal(t, 1, s.Generation)
	require.Len(t, s.Placement, 2)
	require.NotEqual(t, s.Placement[0].Supervisor, s.Placement[1].Supervisor)

	d := r.awaitState("words", "running", 1)
	require.Equal(t, s.ID, d.ID)
	require.Equal(t, 2, d.Running)
	require.Equal(t, []string{"a", "b"}, d.Supervisors)
	require.Equal(t, map[string]int{"count": 2, "lines": 1, "split": 1}, d.Parallelism)
	require.Len(t, d.Reports, 2)

	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words"}, nil)
	r.awaitGone("words")
	require.Equal(t, []string{"deactivate", "finishsplit", "finishcount", "stop"}, a.journal())
	require.Equal(t, a.journal(), b.journal())
	_, there := r.assignment("words")
	require.False(t, there)
	_, there = r.topology("words")
	require.False(t, there)
	require.False(t, r.stored(cluster.Program{Digest: d.Digest}))
	require.Zero(t, a.workers()+b.workers())
}
