package schedule_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/nimbus/schedule"
)

// TestAGenerationThatChangesNothingMovesNothing swaps the last topology of a random cluster for itself.
func TestAGenerationThatChangesNothingMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{plan: schedule.Plan, before: map[string]schedule.Topology{}}
		for range rapid.IntRange(1, 6).Draw(t, "supervisors") {
			w.join(t)
		}
		for range rapid.IntRange(1, 5).Draw(t, "topologies") {
			w.submit(t)
		}
		require.Empty(t, w.step())
		last := &w.topologies[len(w.topologies)-1]
		if hinted(*last) || len(last.Running) == 0 {
			return
		}
		last.Previous = schedule.Generation{Components: last.Components, Isolate: last.Isolate, Workers: last.Running}
		last.Running = nil
		planned := schedule.Plan(w.supervisors, w.topologies)[len(w.topologies)-1]
		require.ElementsMatch(t, places(last.Previous.Workers), places(planned.Workers), planned.Problem)
	})
}

func places(workers []schedule.Worker) (all []string) {
	for _, w := range workers {
		all = append(all, fmt.Sprint(w.Supervisor, w.Tasks))
	}
	return all
}

// TestNeighboursShareAWorker has components of one parallelism, a multiple of the number of workers: nothing stands
// between the n-th tasks of all of them.
func TestNeighboursShareAWorker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count, workers := rapid.IntRange(1, 6).Draw(t, "components"), rapid.IntRange(1, 5).Draw(t, "workers")
		parallelism := workers * rapid.IntRange(1, 3).Draw(t, "tasks in each")
		var all []schedule.Component
		for i := range count {
			all = append(all, schedule.Component{ID: fmt.Sprint("c", i), Parallelism: parallelism})
			if i > 0 { // whoever comes later sends to one before it
				sender := &all[rapid.IntRange(0, i-1).Draw(t, "sender")]
				sender.Inputs = append(sender.Inputs, all[i].ID)
			}
		}
		result := schedule.Plan(cluster("a 5"), []schedule.Topology{{Name: "t", Workers: workers, Components: all}})[0]
		require.Len(t, result.Workers, workers)
		for _, w := range result.Workers {
			for _, task := range w.Tasks[:parallelism/workers] {
				for i := range count {
					require.True(t, slices.Contains(w.Tasks, task+i*parallelism), "task %d of component %d is elsewhere: %s", task, i, shown(result))
				}
			}
		}
	})
}

// TestALargeCluster plans as much as a Nimbus admits of each: that it ends is what matters.
func TestALargeCluster(t *testing.T) {
	var supervisors []schedule.Supervisor
	for i := range 10_000 {
		supervisors = append(supervisors, schedule.Supervisor{ID: fmt.Sprintf("s%05d", i), Slots: 4, Usable: true})
	}
	wide := schedule.Topology{Name: "wide", Workers: 1024, Components: components("a 20000", "b 20000 a", "c 25535 b")}
	results := schedule.Plan(supervisors, []schedule.Topology{wide, {Name: "late", Workers: 1024, Components: wide.Components}})
	used := map[string]int{}
	for _, r := range results {
		require.Empty(t, r.Problem)
		require.Len(t, r.Workers, 1024)
		for _, w := range r.Workers {
			used[w.Supervisor]++
		}
	}
	require.Len(t, used, 2048, "each worker has a supervisor of its own")
}
