package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

func ended(w *actor) {
	if w.phase == cluster.Running {
		w.progress = cluster.Progress{SourcesOver: true, Ended: true, Quiet: true}
	}
}

func TestATopologyWhoseSourcesHaveEndedIsFinished(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 4)
	r.submit("words")
	first := r.awaitState("words", "running", 1)
	m.change(func() { m.acts = ended })
	d := r.awaitState("words", "finished", 0)
	require.Equal(t, cluster.Finished, d.Status)
	require.Empty(t, d.Message)
	require.Equal(t, []string{"finishsplit", "finishcount", "stop"}, m.journal())
	await(t, "its workers are gone", func() bool { return m.workers() == 0 })
	r.refused(cluster.Conflict, cluster.VerbActivate, cluster.NameRequest{Name: "words"})
	r.refused(cluster.Conflict, cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1})

	m.change(func() { m.acts = func(*actor) {} })
	s := r.submit("words", func(q *cluster.SubmitRequest) { q.Replace, q.Program = true, r.upload("the next") })
	require.Equal(t, first.ID, s.ID)
	require.Greater(t, s.Generation, 1)
	r.awaitState("words", "running", s.Generation)

	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words"}, nil)
	r.awaitGone("words")
}

func TestWhatGoesWrongWhileBoltsFinishIsTold(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 4)
	r.submit("words", func(q *cluster.SubmitRequest) { q.Workers = 1 })
	r.awaitState("words", "running", 1)
	m.change(func() {
		m.acts = func(w *actor) {
			ended(w)
			w.fault = "the sink is closed"
		}
	})
	require.Contains(t, r.awaitState("words", "finished", 0).Message, "the sink is closed")
}

func TestATopologyWithAFatalErrorFails(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 4)
	r.submit("words")
	r.awaitState("words", "running", 1)
	m.change(func() { m.acts = func(w *actor) { w.fatal = "count: the disk is gone" } })
	d := r.awaitState("words", "failed", 0)
	require.Equal(t, "count: the disk is gone", d.Message)
	require.Equal(t, []string{"stop"}, m.journal(), "there is nothing to wait for")
	await(t, "its workers are gone", func() bool { return m.workers() == 0 })
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words"}, nil)
	r.awaitGone("words")
}

// busy has trees that never complete.
func busy(w *actor) { w.progress.Pending = 1 }

func TestTheShorterWaitOfTwoKillsCounts(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 4, func(m *machine) { m.acts = busy })
	s := r.submit("words")
	r.awaitState("words", "running", 1)
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: time.Hour}, nil)
	d := r.awaitState("words", "draining", 0)
	require.Equal(t, cluster.Killed, d.Status)
	await(t, "its spouts are paused", func() bool { return len(m.journal()) == 1 })
	r.refused(cluster.Conflict, cluster.VerbDeactivate, cluster.NameRequest{Name: "words"})
	r.refused(cluster.Conflict, cluster.VerbSubmit, r.request("words"))

	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: cluster.MaxKillWait}, nil)
	record, _ := r.topology("words")
	require.LessOrEqual(t, record.Wait, time.Hour)
	require.Equal(t, cluster.Active, record.Resume)
	require.Equal(t, s.ID, record.ID)
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: -1}, nil)
	r.awaitGone("words")
	require.Equal(t, []string{"deactivate", "stop"}, m.journal())
}

func TestAKillWithoutWaitDrainsNothing(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 4, func(m *machine) { m.acts = busy })
	r.submit("words")
	r.awaitState("words", "running", 1)
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: -1}, nil)
	r.awaitGone("words")
	require.Equal(t, []string{"stop"}, m.journal())
	r.refused(cluster.NotFound, cluster.VerbKill, cluster.KillRequest{Name: "words"})
}

func TestKillOfWhatDoesNotRun(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", soon)
	m := r.machine("a", 4, func(m *machine) { m.acts = func(w *actor) { w.phase = cluster.Opening } })
	r.submit("starting", func(q *cluster.SubmitRequest) { q.Workers = 1 })
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "starting", Wait: -1}, nil)
	r.awaitGone("starting")

	r.submit("homeless", func(q *cluster.SubmitRequest) { q.Workers = 1 })
	m.vanish()
	await(t, "it is lost", func() bool { return r.status().Lost == 1 })
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "homeless"}, nil)
	r.awaitGone("homeless")
}

func TestATopologyIsRemovedOnce(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1", soon)
	r.machine("a", 4)
	r.submit("words", func(q *cluster.SubmitRequest) { q.Workers = 1 })
	writes, err := r.nc.SubscribeSync(cluster.KeySubject(cluster.TopologyPrefix + "words"))
	require.NoError(t, err)
	require.NoError(t, r.nc.FlushTimeout(patience))
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: -1}, nil)
	r.awaitGone("words")
	n, _, err := writes.Pending()
	require.NoError(t, err)
	require.Equal(t, 2, n, "it is marked as killed, and deleted")
}

func TestAProgramOfTwoTopologiesStaysUntilBothAreGone(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8)
	p := r.upload("shared")
	shared := func(q *cluster.SubmitRequest) { q.Program = p }
	r.submit("one", shared)
	r.submit("two", shared)
	for _, name := range []string{"one", "two"} {
		require.True(t, r.stored(p))
		r.must(cluster.VerbKill, cluster.KillRequest{Name: name}, nil)
		r.awaitGone(name)
	}
	await(t, "the program is gone", func() bool { return !r.stored(p) })
}

// A kill in the middle of a replacement removes both programs, that of the one which is not to come, and that of the one which was.
func TestAKillRemovesTheProgramsOfASwap(t *testing.T) {
	for name, c := range map[string]struct {
		acts func(*actor)
		is   func(*cluster.Topology) bool
	}{
		"that has begun":   {neverReady, func(t *cluster.Topology) bool { return t.Next != nil }},
		"that is on trial": {unable(hanging), func(t *cluster.Topology) bool { return t.Previous != nil && t.Next == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.nimbus("n1")
			m := r.machine("a", 8)
			first := r.upload("the first")
			r.submit("words", func(q *cluster.SubmitRequest) { q.Program = first })
			r.awaitState("words", "running", 1)
			m.change(func() { m.acts = c.acts })
			second := r.upload("the second")
			r.submit("words", func(q *cluster.SubmitRequest) { q.Replace, q.Program = true, second })
			await(t, "it is replaced", func() bool { record, _ := r.topology("words"); return c.is(&record) })
			require.True(t, r.stored(first))
			require.True(t, r.stored(second))

			r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: -1}, nil)
			r.awaitGone("words")
			await(t, "both programs are gone", func() bool { return !r.stored(first) && !r.stored(second) })
		})
	}
}
