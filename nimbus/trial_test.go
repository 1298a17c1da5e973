package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// unable has the workers of generation 2, those of the first swap, start but not open their tasks. how is what becomes of them instead.
func unable(how func(w *actor)) func(*actor) {
	return func(w *actor) {
		if w.generation == 2 && w.current && !w.exited {
			w.phase = cluster.Opening
			how(w)
		}
	}
}

func fatally(w *actor) { w.phase, w.fatal = cluster.Stopped, "count: no such table" }

func crashing(w *actor) {
	w.life++
	w.crash = &cluster.Crash{Worker: w.id, Life: w.life - 1, Reason: "exit status 1", LastLog: []string{"starting", "count: no such table"}}
}

func hanging(*actor) {}

func TestAReplacementThatCantOpenIsTakenBack(t *testing.T) {
	for name, c := range map[string]struct {
		how  func(*actor)
		wait time.Duration // StartTimeout and OpenTimeout
		why  string
	}{
		"fatally":   {fatally, time.Hour, "count: no such table"},
		"by crash":  {crashing, time.Hour, "crashed 3 times: exit status 1: count: no such table"},
		"by hangup": {hanging, 4 * time.Second, "not ready within 4s"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.nimbus("n1", func(o *Options) { o.StartTimeout, o.OpenTimeout = c.wait, c.wait })
			m := r.machine("a", 8)
			r.submit("words")
			before := r.awaitState("words", "running", 1)
			m.change(func() { m.acts = unable(c.how) })

			s := r.submit("words", func(q *cluster.SubmitRequest) { q.Replace, q.Program, q.Workers = true, r.upload("a worse program"), 3 })
			require.Equal(t, 2, s.Generation)
			await(t, "it goes back", func() bool { return r.describe("words").Wanted > 2 })
			d := r.awaitState("words", "running", r.describe("words").Wanted)
			require.Equal(t, before.Digest, d.Digest)
			require.Equal(t, before.Summary.Workers, d.Summary.Workers)
			require.Equal(t, cluster.Active, d.Status)
			require.Equal(t, 2, d.Reverted)
			require.Contains(t, d.Message, "went back to the former program: ")
			require.Contains(t, d.Message, c.why)
			record, _ := r.topology("words")
			require.Nil(t, record.Previous, "a going back is not taken back")
			require.Nil(t, record.Next)
		})
	}
}

func TestAGoingBackThatFailsIsNotTakenBack(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	m := r.machine("a", 8)
	r.submit("words")
	r.awaitState("words", "running", 1)
	m.change(func() {
		m.acts = func(w *actor) {
			if w.generation > 1 && w.current && !w.exited {
				fatally(w)
			}
		}
	})
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1}, nil)
	d := r.awaitState("words", "failed", 0)
	require.Equal(t, 2, d.Reverted)
	require.Greater(t, d.Wanted, 2)
	require.Contains(t, d.Message, "no such table")
	await(t, "its workers are gone", func() bool { return m.workers() == 0 })
}

func TestWhatRunsIsNotOnTrialAnyMore(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8)
	r.submit("words")
	r.awaitState("words", "running", 1)
	s := r.submit("words", func(q *cluster.SubmitRequest) { q.Replace, q.Program = true, r.upload("a better program") })
	r.awaitState("words", "running", s.Generation)
	await(t, "there is no way back", func() bool {
		record, _ := r.topology("words")
		return record.Next == nil && record.Previous == nil
	})
	require.Zero(t, r.describe("words").Reverted)
}

// A leader that takes over knows what to go back to.
func TestTheNextLeaderGoesBack(t *testing.T) {
	r := newRig(t)
	first := r.nimbus("n1")
	m := r.machine("a", 8)
	r.submit("words")
	before := r.awaitState("words", "running", 1)
	m.change(func() { m.acts = unable(hanging) })
	r.submit("words", func(q *cluster.SubmitRequest) { q.Replace, q.Program = true, r.upload("a worse program") })
	await(t, "it is on trial", func() bool {
		record, _ := r.topology("words")
		return record.Previous != nil
	})
	first.stop()
	r.nimbus("n2", func(o *Options) { o.OpenTimeout = time.Second })
	await(t, "it has gone back", func() bool { return r.describe("words").Reverted == 2 })
	require.Equal(t, before.Digest, r.awaitState("words", "running", r.describe("words").Wanted).Digest)
}

// What takes long to open can be changed like all else: only the first submit has no limit of its own.
func TestASwapWaitsForTasksThatOpenForLong(t *testing.T) {
	const start = 2 * time.Second
	r := newRig(t)
	r.nimbus("n1", func(o *Options) { o.StartTimeout = start })
	var began time.Time // when the first of the new workers was to open its tasks
	m := r.machine("a", 8)
	m.change(func() {
		m.acts = func(w *actor) {
			if w.generation != 2 || !w.current {
				return
			}
			if began.IsZero() {
				began = time.Now()
			}
			w.phase = cluster.Opening
			if time.Since(began) > 2*start {
				w.phase = cluster.Running
			}
		}
	})
	r.submit("words")
	r.awaitState("words", "running", 1)
	r.must(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 3}, nil)
	d := r.awaitState("words", "running", 2)
	require.Empty(t, d.Message)
	await(t, "it is trusted", func() bool { record, _ := r.topology("words"); return record.Previous == nil })
	require.Zero(t, r.describe("words").Reverted)
}
