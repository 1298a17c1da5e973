package schedule_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/nimbus/schedule"
)

// lies are planners with one fault each: most plan for a cluster that is not quite the one they are asked about.
var lies = map[string]planner{
	"forgets what runs":            told(nil, func(t *schedule.Topology) { t.Running = nil }),
	"believes that the dead live":  told(func(s *schedule.Supervisor) { s.Usable = true }, nil),
	"does not see the draining":    told(func(s *schedule.Supervisor) { s.Draining = false }, nil),
	"sees slots that are not":      told(func(s *schedule.Supervisor) { s.Slots *= 2 }, nil),
	"sees too few slots":           told(func(s *schedule.Supervisor) { s.Slots-- }, nil),
	"sees no end of memory":        told(func(s *schedule.Supervisor) { s.Memory = 0 }, nil),
	"sees no end of CPU":           told(func(s *schedule.Supervisor) { s.CPU = 0 }, nil),
	"reads no labels":              told(nil, func(t *schedule.Topology) { t.Labels = nil }),
	"runs anything anywhere":       told(nil, func(t *schedule.Topology) { t.OS, t.Arch = "", "" }),
	"shares everything":            told(nil, func(t *schedule.Topology) { t.Isolate, t.Previous.Isolate = 0, 0 }),
	"forgets who was alone":        told(nil, func(t *schedule.Topology) { t.Previous.Isolate = 0 }),
	"burns bridges":                told(nil, burnBridge),
	"makes one worker too few":     told(nil, func(t *schedule.Topology) { t.Workers-- }),
	"plans each topology alone":    alone,
	"keeps both generations":       ghosts,
	"goes by who comes first":      renamed,
	"gives a task two owners":      corrupted(func(w []schedule.Worker) { w[1].Tasks = append(slices.Clone(w[0].Tasks[:1]), w[1].Tasks...) }),
	"loses a task":                 corrupted(func(w []schedule.Worker) { w[0].Tasks = w[0].Tasks[1:] }),
	"swaps the places of two":      corrupted(func(w []schedule.Worker) { w[0].Supervisor, w[1].Supervisor = w[1].Supervisor, w[0].Supervisor }),
	"deals unevenly":               corrupted(dealUnevenly),
	"gives what runs a new name":   corrupted(func(w []schedule.Worker) { w[0].ID = "" }),
	"says it can't, though it can": pessimist,
}

func TestTheReviewFindsPlannersThatLie(t *testing.T) {
	for name, planner := range lies {
		t.Run(name, func(t *testing.T) { require.True(t, foundOut(planner), "2000 lives without a fault") })
	}
}

// foundOut reports whether a planner makes a bad plan in one of many lives.
func foundOut(p planner) bool {
	lives := rapid.Custom(func(t *rapid.T) []string { return live(t, p) })
	for seed := range 2000 {
		if len(lives.Example(seed)) > 0 {
			return true
		}
	}
	return false
}

// told is Plan when it is told something else.
func told(supervisor func(*schedule.Supervisor), topology func(*schedule.Topology)) planner {
	return func(supervisors []schedule.Supervisor, topologies []schedule.Topology) []schedule.Result {
		return schedule.Plan(changed(supervisors, supervisor), changed(topologies, topology))
	}
}

func changed[T any](all []T, change func(*T)) []T {
	all = slices.Clone(all)
	for i := range all {
		if change != nil {
			change(&all[i])
		}
	}
	return all
}

// burnBridge forgets the generation to go back to as soon as the next is planned.
func burnBridge(t *schedule.Topology) {
	if len(t.Running) > 0 {
		t.Previous = schedule.Generation{}
	}
}

func alone(supervisors []schedule.Supervisor, topologies []schedule.Topology) (results []schedule.Result) {
	for _, t := range topologies {
		results = append(results, schedule.Plan(supervisors, []schedule.Topology{t})...)
	}
	return results
}

// ghosts has the previous generations take slots beside the planned ones.
func ghosts(supervisors []schedule.Supervisor, topologies []schedule.Topology) []schedule.Result {
	haunted := slices.Clone(topologies)
	for _, t := range topologies {
		p := t.Previous
		haunted = append(haunted, schedule.Topology{Name: "ghost of " + t.Name, Components: p.Components, Running: p.Workers})
	}
	return schedule.Plan(supervisors, haunted)[:len(topologies)]
}

// renamed breaks ties by the order in which supervisors are passed.
func renamed(supervisors []schedule.Supervisor, topologies []schedule.Topology) []schedule.Result {
	to, from := map[string]string{}, map[string]string{}
	for i, s := range supervisors {
		to[s.ID] = fmt.Sprint(i)
		from[fmt.Sprint(i)] = s.ID
	}
	results := schedule.Plan(
		changed(supervisors, func(s *schedule.Supervisor) { s.ID = to[s.ID] }),
		changed(topologies, func(t *schedule.Topology) {
			t.Running, t.Previous.Workers = moved(t.Running, to), moved(t.Previous.Workers, to)
		}))
	return changed(results, func(r *schedule.Result) { r.Workers = moved(r.Workers, from) })
}

func moved(workers []schedule.Worker, names map[string]string) []schedule.Worker {
	return changed(workers, func(w *schedule.Worker) { w.Supervisor = names[w.Supervisor] })
}

// corrupted is Plan with something done to the first plan of at least two workers.
func corrupted(corrupt func([]schedule.Worker)) planner {
	return func(supervisors []schedule.Supervisor, topologies []schedule.Topology) []schedule.Result {
		results := schedule.Plan(supervisors, topologies)
		for i := range results {
			if len(results[i].Workers) > 1 {
				corrupt(results[i].Workers)
				break
			}
		}
		return results
	}
}

func dealUnevenly(w []schedule.Worker) {
	if n := len(w[0].Tasks); n > 1 {
		w[1].Tasks = append(slices.Clone(w[1].Tasks), w[0].Tasks[1:]...)
		slices.Sort(w[1].Tasks)
		w[0].Tasks = w[0].Tasks[:1]
	}
}

func pessimist(supervisors []schedule.Supervisor, topologies []schedule.Topology) []schedule.Result {
	return changed(schedule.Plan(supervisors, topologies), func(r *schedule.Result) {
		if len(r.Workers) > 0 && r.Workers[0].ID == "" {
			r.Workers, r.Problem = nil, "it is Monday"
		}
	})
}
