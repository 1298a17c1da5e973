package nimbus

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// Whatever a leader has written when it ends, the next one goes on with it. The records are made by hand, since a real leader
// leaves most of these states again within milliseconds.
func TestALeaderGoesOnWithWhatItFinds(t *testing.T) {
	for _, c := range []struct {
		left  string
		is    func(t *cluster.Topology, a *cluster.Assignment)
		state string // that it comes to; empty: it is gone
		runs  int    // the generation that runs then
	}{
		{"a topology without workers", func(_ *cluster.Topology, a *cluster.Assignment) { a.ID = "" }, "running", 1},
		{"a swap without workers", func(t *cluster.Topology, _ *cluster.Assignment) { begin(t) }, "running", 2},
		{"a swap whose workers start", func(t *cluster.Topology, a *cluster.Assignment) {
			begin(t)
			a.Next = second()
		}, "running", 2},
		{"a swap whose drain begins", func(t *cluster.Topology, a *cluster.Assignment) {
			begin(t)
			a.Next, a.Active, a.Draining = second(), false, true
		}, "running", 2},
		{"a swap that is done, but not said to be", func(t *cluster.Topology, a *cluster.Assignment) {
			begin(t)
			a.Current = second()
		}, "running", 2},
		{"a swap that was undone, whose workers are there", func(_ *cluster.Topology, a *cluster.Assignment) { a.Next = second() }, "running", 1},
		{"a topology that was killed", func(t *cluster.Topology, _ *cluster.Assignment) { t.Status = cluster.Killed }, "", 0},
		{"a topology that was killed in a swap", func(t *cluster.Topology, a *cluster.Assignment) {
			t.Status = cluster.Killed
			a.Next = second()
		}, "", 0},
		{"a topology that was killed, and has no assignment any more", func(t *cluster.Topology, a *cluster.Assignment) {
			t.Status, a.ID = cluster.Killed, ""
		}, "", 0},
		{"an assignment without topology", func(t *cluster.Topology, _ *cluster.Assignment) { t.ID = "" }, "", 0},
		{"a topology that is finished, whose workers are there", func(t *cluster.Topology, _ *cluster.Assignment) { t.Status = cluster.Finished }, "finished", 0},
		{"a topology that has failed, whose workers are there", func(t *cluster.Topology, _ *cluster.Assignment) { t.Status = cluster.Failed }, "failed", 0},
		{"a topology that was deactivated, whose spouts may emit", func(t *cluster.Topology, _ *cluster.Assignment) { t.Status = cluster.Inactive }, "running", 1},
	} {
		t.Run(c.left, func(t *testing.T) {
			r := newRig(t)
			r.nimbus("first").stop()
			w, err := r.records().TakeOver(t.Context(), "test")
			require.NoError(t, err)
			topology, a := r.written()
			c.is(&topology, &a)
			if topology.ID != "" {
				_, err = w.Put(t.Context(), cluster.TopologyPrefix+"words", topology)
				require.NoError(t, err)
			}
			if a.ID != "" {
				_, err = w.Put(t.Context(), cluster.AssignmentPrefix+"words", a)
				require.NoError(t, err)
			}
			_, err = w.Put(t.Context(), cluster.SupervisorPrefix+"a", cluster.Supervisor{Host: cluster.Host{ID: "a", Slots: 8}})
			require.NoError(t, err)

			r.candidate("second")
			m := r.machine("a", 8)
			if c.state == "" {
				r.awaitGone("words")
				_, there := r.assignment("words")
				require.False(t, there)
			} else {
				d := r.awaitState("words", c.state, c.runs)
				require.Equal(t, d.Generation, c.runs)
				final, _ := r.topology("words")
				require.Equal(t, topology.Status, final.Status)
				require.Nil(t, final.Next)
				record, _ := r.assignment("words")
				require.Nil(t, record.Next)
				require.Equal(t, final.Status == cluster.Active, record.Active)
			}
			await(t, "only what should run runs", func() bool { return m.workers() == min(c.runs, 1) })
		})
	}
}

// written are the records of a topology that runs.
func (r *rig) written() (cluster.Topology, cluster.Assignment) {
	q := r.request("words")
	t := newTopology(q)
	t.Workers = 1
	g := &cluster.Generation{Number: 1, Program: q.Program, Parallelism: t.Definition.Tasks(nil), Workers: []cluster.Worker{{ID: "W1", Supervisor: "a", Tasks: []cluster.TaskID{1, 2, 3, 4}}}}
	return t, cluster.Assignment{Topology: t.Name, ID: t.ID, Version: 1, Active: true, Current: g}
}

func begin(t *cluster.Topology) {
	t.Next, t.Wanted = &cluster.Swap{Definition: t.Definition, Program: t.Program, Workers: 1, Reason: reasonRebalance}, 2
}

func second() *cluster.Generation {
	d := words("words")
	return &cluster.Generation{Number: 2, Program: cluster.Program{Digest: digest}, Parallelism: d.Tasks(nil), Workers: []cluster.Worker{{ID: "W2", Supervisor: "a", Tasks: []cluster.TaskID{1, 2, 3, 4}}}}
}

const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestARestartOfNATSChangesNothing(t *testing.T) {
	r := newRig(t)
	n := r.nimbus("n1")
	m := r.machine("a", 8)
	r.submit("words")
	before := r.awaitState("words", "running", 1)
	r.nats.Shutdown()
	await(t, "nobody leads without NATS", func() bool { return !n.Leading() })
	r.startNATS()
	await(t, "it leads again", n.Leading)
	after := r.awaitState("words", "running", 1)
	require.Equal(t, ids(before), ids(after))
	require.Equal(t, before.ID, after.ID)
	require.Equal(t, 2, m.workers())
	require.Empty(t, m.journal())
}

// A real change of leaders in the middle of a real drain.
func TestTheNextLeaderEndsADrain(t *testing.T) {
	for verb, request := range map[string]any{
		cluster.VerbKill:      cluster.KillRequest{Name: "words"},
		cluster.VerbRebalance: cluster.RebalanceRequest{Name: "words", Workers: 1},
	} {
		t.Run(verb, func(t *testing.T) {
			r := newRig(t)
			first := r.nimbus("n1")
			m := r.machine("a", 8, func(m *machine) { m.acts = busy })
			r.submit("words")
			r.awaitState("words", "running", 1)
			r.must(verb, request, nil)
			await(t, "the drain has begun", func() bool { return len(m.journal()) > 0 })

			first.stop()
			r.candidate("n2")
			m.change(func() { m.acts = func(w *actor) { w.progress.Pending = 0 } })
			if verb == cluster.VerbKill {
				r.awaitGone("words")
				return
			}
			await(t, "the swap is done", func() bool { d := r.describe("words"); return d.State == "running" && d.Generation == d.Wanted })
			require.Equal(t, 1, m.workers())
		})
	}
}

// The lease is lost again and again while topologies come, change and go.
func TestLeadersComeAndGo(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.candidate("n2")
	m := r.machine("a", 32)
	for range 3 {
		r.mayBeCut(cluster.VerbSubmit, r.request("words"), cluster.Conflict)
		r.overthrow()
		r.awaitState("words", "running", 0)
		r.mayBeCut(cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1, Spread: true}, cluster.Conflict)
		r.overthrow()
		await(t, "the swap is done", func() bool { d := r.describe("words"); return d.State == "running" && d.Generation == d.Wanted })
		r.mayBeCut(cluster.VerbKill, cluster.KillRequest{Name: "words"}, cluster.NotFound)
		r.overthrow()
		r.awaitGone("words")
	}
	await(t, "nothing is left", func() bool { return m.workers() == 0 })
}

// mayBeCut sends a request until it is done. One whose outcome was not known may turn out to have been done already.
func (r *rig) mayBeCut(verb string, request any, done cluster.Code) {
	for again := false; ; again = true {
		err := r.ask(verb, request, nil)
		if err == nil || again && cluster.CodeOf(err) == done {
			return
		}
		require.Contains(r.t, []cluster.Code{cluster.Unavailable, cluster.Timeout}, cluster.CodeOf(err), err.Error())
	}
}

// overthrow begins an epoch that nobody leads, so that whoever leads is refused at its next write.
func (r *rig) overthrow() {
	_, err := r.records().TakeOver(r.t.Context(), "nobody")
	require.NoError(r.t, err)
}
