package nimbus

import (
	"testing"

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
