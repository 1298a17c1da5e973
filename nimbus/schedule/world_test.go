package schedule_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/nimbus/schedule"
)

// world is a cluster to which things happen, and which does as the planner says.
type world struct {
	plan        planner
	supervisors []schedule.Supervisor
	topologies  []schedule.Topology
	before      map[string]schedule.Topology // what topologies that are being swapped go back to
	made        int
}

func TestPlanHoldsWhatItPromisesWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		require.Empty(t, live(t, schedule.Plan))
	})
}

// live lets a random cluster live, and returns what was wrong with the first bad plan.
func live(t *rapid.T, plan planner) []string {
	w := &world{plan: plan, before: map[string]schedule.Topology{}}
	for range rapid.IntRange(1, 6).Draw(t, "supervisors") {
		w.join(t)
	}
	for range rapid.IntRange(1, 25).Draw(t, "plans") {
		for range rapid.IntRange(1, 3).Draw(t, "events") {
			w.happen(t)
		}
		if faults := w.step(); len(faults) > 0 {
			return faults
		}
	}
	return nil
}

func (w *world) happen(t *rapid.T) {
	events := map[string]func(*rapid.T){
		"join": w.join, "leave": w.leave, "fail": w.fail, "drain": w.drain,
		"submit": w.submit, "kill": w.kill, "swap": w.swap, "commit": w.commit, "abort": w.abort,
	}
	names := append(slices.Sorted(maps.Keys(events)), "submit", "submit", "swap")
	events[rapid.SampledFrom(names).Draw(t, "event")](t)
}

// step plans, checks the plan, and carries it out.
func (w *world) step() []string {
	was := fmt.Sprintf("%+v %+v", w.supervisors, w.topologies)
	results := w.plan(w.supervisors, w.topologies)
	found := faults(w.supervisors, w.topologies, results)
	if fmt.Sprintf("%+v %+v", w.supervisors, w.topologies) != was {
		found = append(found, "what was passed was changed")
	}
	if again := w.plan(reversed(w.supervisors), w.topologies); len(found) == 0 && fmt.Sprint(again) != fmt.Sprint(results) {
		found = append(found, "another plan of the same")
	}
	if len(found) > 0 {
		return found
	}
	for i := range w.topologies {
		w.carryOut(&w.topologies[i], results[i])
	}
	return w.rest()
}

func reversed(supervisors []schedule.Supervisor) []schedule.Supervisor {
	supervisors = slices.Clone(supervisors)
	slices.Reverse(supervisors)
	return supervisors
}

func (w *world) carryOut(t *schedule.Topology, result schedule.Result) {
	if len(result.Workers) == 0 && len(t.Previous.Workers) > 0 {
		*t = w.before[t.Name]
		return
	}
	t.Running = nil
	for _, worker := range result.Workers {
		if worker.ID == "" {
			w.made++
			worker.ID = fmt.Sprint("w", w.made)
		}
		t.Running = append(t.Running, worker)
	}
}

// rest plans again what was planned, of which nothing may come.
func (w *world) rest() (found []string) {
	results := w.plan(w.supervisors, w.topologies)
	for i, r := range results {
		t := w.topologies[i]
		owned := 0
		for _, worker := range t.Running {
			owned += len(worker.Tasks)
		}
		if owned == tasks(t.Components) && !w.anyLost(t) && fmt.Sprint(r.Workers) != fmt.Sprint(t.Running) {
			found = append(found, fmt.Sprintf("%s: planned again, %v becomes %v", t.Name, t.Running, r.Workers))
		}
	}
	return found
}

// anyLost reports whether the topology has gone back to workers that are lost.
func (w *world) anyLost(t schedule.Topology) bool {
	r := &review{supervisors: w.supervisors}
	return len(r.staying(t)) < len(t.Running)
}

func (w *world) join(t *rapid.T) {
	if len(w.supervisors) == 8 {
		return
	}
	w.made++
	w.supervisors = append(w.supervisors, schedule.Supervisor{
		ID:     fmt.Sprint("s", w.made),
		OS:     "linux",
		Arch:   rapid.SampledFrom([]string{"amd64", "amd64", "amd64", "arm64"}).Draw(t, "arch"),
		Slots:  rapid.IntRange(1, 4).Draw(t, "slots"),
		Memory: rapid.SampledFrom([]int{0, 0, 500, 1000}).Draw(t, "memory"),
		CPU:    rapid.SampledFrom([]int{0, 0, 100, 400}).Draw(t, "cpu"),
		Labels: labels(t),
		Usable: true,
	})
}

func labels(t *rapid.T) map[string]string {
	all := []map[string]string{nil, nil, {"gpu": "true"}, {"gpu": "true", "disk": "ssd"}, {"gpu": "false"}}
	return rapid.SampledFrom(all).Draw(t, "labels")
}

func (w *world) leave(t *rapid.T) {
	i := rapid.IntRange(0, len(w.supervisors)-1).Draw(t, "supervisor")
	if len(w.supervisors) > 1 {
		w.supervisors = slices.Delete(slices.Clone(w.supervisors), i, i+1)
	}
}

func (w *world) fail(t *rapid.T) {
	s := &w.supervisors[rapid.IntRange(0, len(w.supervisors)-1).Draw(t, "supervisor")]
	s.Usable = !s.Usable
}

func (w *world) drain(t *rapid.T) {
	s := &w.supervisors[rapid.IntRange(0, len(w.supervisors)-1).Draw(t, "supervisor")]
	s.Draining = !s.Draining
}

func (w *world) submit(t *rapid.T) {
	if len(w.topologies) == 5 {
		return
	}
	w.made++
	topology := schedule.Topology{Name: fmt.Sprint("t", w.made)}
	declare(t, &topology)
	w.topologies = append(w.topologies, topology)
}

// declare makes up what the author of a topology says.
func declare(t *rapid.T, topology *schedule.Topology) {
	topology.OS = rapid.SampledFrom([]string{"", "linux"}).Draw(t, "os")
	topology.Arch = rapid.SampledFrom([]string{"", "amd64", "amd64", "arm64"}).Draw(t, "arch")
	topology.Labels = rapid.SampledFrom([]map[string]string{nil, nil, nil, {"gpu": "true"}}).Draw(t, "labels")
	topology.Workers = rapid.IntRange(1, 6).Draw(t, "workers")
	topology.Isolate = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "isolate")
	topology.Memory = rapid.SampledFrom([]int{0, 0, 0, 200}).Draw(t, "memory")
	topology.Components = nil
	hints := rapid.Bool().Draw(t, "hints")
	for i := range rapid.IntRange(1, 3).Draw(t, "components") {
		c := schedule.Component{ID: fmt.Sprint("c", i), Parallelism: rapid.IntRange(1, 5).Draw(t, "parallelism")}
		if i > 0 {
			c.Inputs = []string{fmt.Sprint("c", rapid.IntRange(0, i-1).Draw(t, "input"))}
		}
		if hints {
			c.Memory = rapid.SampledFrom([]int{0, 100, 250}).Draw(t, "memory")
			c.CPU = rapid.SampledFrom([]int{0, 20, 60}).Draw(t, "cpu")
		}
		topology.Components = append(topology.Components, c)
	}
}

// anyTopology returns one, nil when there is none.
func (w *world) anyTopology(t *rapid.T) *schedule.Topology {
	if len(w.topologies) == 0 {
		return nil
	}
	return &w.topologies[rapid.IntRange(0, len(w.topologies)-1).Draw(t, "topology")]
}

func (w *world) kill(t *rapid.T) {
	if topology := w.anyTopology(t); topology != nil {
		name := topology.Name
		w.topologies = slices.DeleteFunc(w.topologies, func(t schedule.Topology) bool { return t.Name == name })
	}
}

// swap asks for a new generation, of the same or of another declaration.
func (w *world) swap(t *rapid.T) {
	topology := w.anyTopology(t)
	if topology == nil || len(topology.Running) == 0 || len(topology.Previous.Workers) > 0 {
		return
	}
	w.before[topology.Name] = *topology
	topology.Previous = schedule.Generation{Components: topology.Components, Memory: topology.Memory, Isolate: topology.Isolate, Workers: topology.Running}
	topology.Running = nil
	if rapid.Bool().Draw(t, "changed") {
		declare(t, topology)
	}
}

func (w *world) commit(t *rapid.T) {
	if topology := w.anyTopology(t); topology != nil && len(topology.Running) > 0 {
		topology.Previous = schedule.Generation{}
	}
}

func (w *world) abort(t *rapid.T) {
	if topology := w.anyTopology(t); topology != nil && len(topology.Previous.Workers) > 0 {
		*topology = w.before[topology.Name]
	}
}
