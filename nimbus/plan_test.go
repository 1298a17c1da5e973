package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/nimbus/schedule"
)

// Whatever of a generation a plan replaces, each task keeps exactly one worker, and none that could stay is made anew.
func TestAReplacementLosesNoTask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &cluster.Generation{}
		next := cluster.TaskID(1)
		for i := range rapid.IntRange(1, 8).Draw(t, "workers") {
			w := cluster.Worker{ID: letters(i + 1)[i], Supervisor: "old"}
			for range rapid.IntRange(1, 4).Draw(t, "tasks") {
				w.Tasks = append(w.Tasks, next)
				next++
			}
			g.Workers = append(g.Workers, w)
		}
		var planned []schedule.Worker // each stays, moves, or finds no room
		fates := make([]string, len(g.Workers))
		for i, w := range scheduled(g.Workers) {
			switch fates[i] = rapid.SampledFrom([]string{"stays", "moves", "waits"}).Draw(t, "fate"); fates[i] {
			case "moves":
				w.ID, w.Supervisor = "", "new"
				planned = append(planned, w)
			case "stays":
				planned = append(planned, w)
			}
		}
		with := withWorkers(g, planned)
		require.Len(t, with.Workers, len(g.Workers))
		for i, w := range g.Workers {
			for _, task := range w.Tasks {
				owner := with.Owner(task)
				require.NotNil(t, owner)
				require.Equal(t, w.Tasks, owner.Tasks)
				require.Equal(t, fates[i] != "moves", owner.ID == w.ID)
				require.Equal(t, fates[i] == "moves", owner.Supervisor == "new")
			}
		}
		require.Equal(t, "old", g.Workers[0].Supervisor, "what was there is not changed")
	})
}

// What ran alone is not alone any more only when the swap is over: until then it may have to go on, or be gone back to.
func TestWhatRunsAloneStaysAloneUntilItIsReplaced(t *testing.T) {
	s, now := newScene(), time.Now()
	delete(s.all.supervisors, "b")
	delete(s.all.supervisors, "c")
	s.all.supervisors["a"].record.Slots = 8
	s.record.Definition.Isolate, s.record.Workers = 1, 1
	s.record.Definition.OS, s.record.Definition.Arch = "", ""
	shared := s.record.Definition
	shared.Isolate = 0
	ran := &cluster.Generation{Number: 1, Workers: []cluster.Worker{{ID: "w1", Supervisor: "a", Tasks: []cluster.TaskID{1, 2, 3, 4}}}}
	s.assigned = &cluster.Assignment{Current: ran, Version: 1}
	s.record.Next = &cluster.Swap{Definition: shared, Workers: 1}
	next, problem := s.all.generation(s.deployment, wishOf(&s.record), 2, ran, now)
	require.Empty(t, problem)
	s.set(func(a *cluster.Assignment) { a.Next = next })

	other := newDeployment(cluster.Topology{Name: "other", ID: "T2", Definition: shared, Workers: 1, Status: cluster.Active})
	_, problem = s.all.generation(other, wishOf(&other.record), 1, nil, now)
	require.Contains(t, problem, "belong to topologies that isolate themselves")

	s.record.Definition, s.record.Next = shared, nil
	s.assigned = &cluster.Assignment{Current: next, Version: 2}
	_, problem = s.all.generation(other, wishOf(&other.record), 1, nil, now)
	require.Empty(t, problem)
}
