package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

func TestRebalanceSwapsTheWorkers(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	a := r.machine("a", 4)
	b := r.machine("b", 4)
	r.submit("words")
	before := r.awaitState("words", "running", 1)

	var s cluster.RebalanceResponse
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 3, Parallelism: map[string]int{"count": 5}}, &s)
	require.Greater(t, s.Generation, 1)
	require.Len(t, s.Placement, 3)
	after := r.awaitState("words", "running", s.Generation)
	require.Equal(t, map[string]int{"count": 5, "lines": 1, "split": 1}, after.Parallelism)
	require.Equal(t, 3, after.Summary.Workers)
	require.Equal(t, 7, after.Tasks)
	require.Equal(t, before.ID, after.ID)
	require.Empty(t, after.Message)
	for _, j := range [][]string{a.journal(), b.journal()} {
		require.Equal(t, []string{"deactivate", "finishsplit", "finishcount", "stop"}, j)
	}
	record, _ := r.assignment("words")
	require.True(t, record.Active)
	require.Nil(t, record.Next)
	await(t, "the old workers are gone", func() bool { return a.workers()+b.workers() == 3 })
}

func TestAnIdleRebalanceIsRefused(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 4)
	r.submit("words")
	r.refused(cluster.Invalid, cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words"})
	r.refused(cluster.NotFound, cluster.VerbRebalance, cluster.RebalanceRequest{Name: "other", Workers: 1})
	e := r.refused(cluster.NoRoom, cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 8, Parallelism: map[string]int{"count": 8}})
	require.NotEmpty(t, e.Message)
	require.Contains(t, e.Hint, "of 4 slots in the cluster")
	require.Equal(t, 1, r.describe("words").Wanted)
}

func TestOneSwapAtATime(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8, func(m *machine) { m.acts = neverReady })
	r.submit("words")
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1}, nil)
	require.Equal(t, "rebalancing", r.describe("words").State)
	r.refused(cluster.Conflict, cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1})
	replace := r.request("words")
	replace.Replace = true
	r.refused(cluster.Conflict, cluster.VerbSubmit, replace)

	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words"}, nil)
	r.awaitGone("words")
}

// neverReady has workers of a next generation hang before they are ready.
func neverReady(w *actor) {
	if w.phase == cluster.Standby {
		w.state = "starting"
	}
}

func TestReplaceSwapsTheProgram(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8)
	r.submit("words")
	old := r.awaitState("words", "running", 1)

	s := r.submit("words", func(q *cluster.SubmitRequest) {
		q.Replace, q.Program, q.Definition.Workers = true, r.upload("a better program"), 1
	})
	require.Equal(t, old.ID, s.ID)
	after := r.awaitState("words", "running", s.Generation)
	require.NotEqual(t, old.Digest, after.Digest)
	require.Equal(t, 1, after.Summary.Workers)
}

func TestASwapWhoseWorkersDontComeUpIsUndone(t *testing.T) {
	for name, c := range map[string]struct {
		start time.Duration
		acts  func(*actor)
		why   string
	}{
		"in time": {4 * time.Second, neverReady, "not ready within 4s"},
		"without crashes": {time.Hour, func(w *actor) {
			if w.phase == cluster.Standby && w.life < startCrashes+1 {
				w.state, w.crash = "backoff", &cluster.Crash{Worker: w.id, Life: w.life, Reason: "exit status 2"}
				w.life++
			}
		}, "crashed 3 times: exit status 2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.nimbus("n1", func(o *Options) { o.StartTimeout = c.start })
			m := r.machine("a", 8)
			first := r.submit("words")
			r.awaitState("words", "running", 1)
			m.change(func() { m.acts = c.acts })

			var s cluster.RebalanceResponse
			r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 3}, &s)
			await(t, "it is undone", func() bool { return r.describe("words").Wanted == 1 })
			d := r.awaitState("words", "running", 1)
			require.Contains(t, d.Message, "the rebalance was undone")
			require.Contains(t, d.Message, c.why)
			require.Equal(t, first.ID, d.ID)
			require.Empty(t, m.journal(), "nobody was drained")

			m.change(func() { m.acts = func(*actor) {} })
			var again cluster.RebalanceResponse
			r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 3}, &again)
			require.Greater(t, again.Generation, s.Generation, "no number is used twice")
			require.Empty(t, r.awaitState("words", "running", again.Generation).Message)
		})
	}
}

func TestADrainedSupervisorIsEmptiedAndUsedAgain(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	a := r.machine("a", 4)
	b := r.machine("b", 4)
	r.submit("words")
	r.awaitState("words", "running", 1)
	require.Positive(t, b.workers())

	r.must(cluster.VerbDrain, cluster.DrainRequest{Supervisor: "b"}, nil)
	await(t, "b is empty", func() bool { return b.workers() == 0 })
	d := r.awaitState("words", "running", 0)
	require.Equal(t, []string{"a"}, d.Supervisors)
	require.Equal(t, []string{"deactivate", "finishsplit", "finishcount", "stop"}, b.journal(), "all together, so that nothing is lost")
	require.Equal(t, 2, a.workers())

	r.must(cluster.VerbDrain, cluster.DrainRequest{Supervisor: "b", Undo: true}, nil)
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Spread: true}, nil)
	await(t, "b is used again", func() bool { return b.workers() == 1 })
	r.refused(cluster.NotFound, cluster.VerbDrain, cluster.DrainRequest{Supervisor: "c"})
}

func TestWorkersOfAnUnhealthySupervisorMoveOnceThereIsRoom(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	a := r.machine("a", 2)
	r.submit("words")
	r.awaitState("words", "running", 1)
	a.change(func() { a.mu.healthy = false })
	await(t, "it is said that there is no room", func() bool { return r.describe("words").Message != "" })
	require.Equal(t, "running", r.describe("words").State, "what runs goes on")

	b := r.machine("b", 2)
	await(t, "they have moved", func() bool { return a.workers() == 0 && b.workers() == 2 })
}

func TestActivateAndDeactivate(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 4)
	r.submit("words", func(q *cluster.SubmitRequest) { q.Inactive = true })
	active := func() bool { a, _ := r.assignment("words"); return a.Active }
	require.False(t, active())
	require.Equal(t, cluster.Inactive, r.describe("words").Status)
	r.must(cluster.VerbActivate, cluster.NameRequest{Name: "words"}, nil)
	await(t, "it is active", active)
	r.must(cluster.VerbDeactivate, cluster.NameRequest{Name: "words"}, nil)
	await(t, "it is not", func() bool { return !active() })
	r.must(cluster.VerbDeactivate, cluster.NameRequest{Name: "words"}, nil)

	var s cluster.RebalanceResponse
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1}, &s)
	r.awaitState("words", "running", s.Generation)
	require.False(t, active(), "a swap does not wake it")
}
