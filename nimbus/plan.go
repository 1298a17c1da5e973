package nimbus

import (
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nuid"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/nimbus/schedule"
)

// wish is a generation that is to be placed.
type wish struct {
	definition  *cluster.Definition
	program     cluster.Program
	workers     int
	parallelism map[string]int // where it isn't the definition's
}

// wishOf returns what the topology is to run: what a swap brings, while there is one.
func wishOf(t *cluster.Topology) wish {
	if s := t.Next; s != nil {
		return wish{&s.Definition, s.Program, s.Workers, s.Parallelism}
	}
	return wish{&t.Definition, t.Program, t.Workers, t.Parallelism}
}

// generation places a new generation of d, near the previous one if that is given. A problem says why there is no room.
func (s *state) generation(d *deployment, w wish, number int, previous *cluster.Generation, now time.Time) (*cluster.Generation, string) {
	subject := outline(d.record.Name, w)
	if previous != nil {
		subject.Previous = past(&d.record, previous)
	}
	r := s.plan(d, subject, s.sites(now))
	if r.Problem != "" {
		return nil, r.Problem
	}
	g := &cluster.Generation{Number: number, Program: w.program, Parallelism: w.definition.Tasks(w.parallelism), Memory: w.definition.Memory}
	g.Workers = workersOf(r.Workers)
	return g, ""
}

// replacement returns g, a generation of d, with new workers in the place of those that are lost, as far as there is room. A
// problem says what there is no room for.
func (s *state) replacement(d *deployment, g *cluster.Generation, now time.Time) (*cluster.Generation, string) {
	r := s.plan(d, s.outlineOf(d, g), s.sites(now))
	return withWorkers(g, r.Workers), r.Problem
}

// relocation returns g with a new worker on another supervisor in the place of the one that is given. A problem says why
// there is none.
func (s *state) relocation(d *deployment, g *cluster.Generation, restless *cluster.Worker, now time.Time) (*cluster.Generation, string) {
	subject := s.outlineOf(d, g)
	for i := range subject.Running {
		if subject.Running[i].ID == restless.ID {
			subject.Running[i].Supervisor = ""
		}
	}
	sites := s.sites(now)
	for i := range sites {
		sites[i].Draining = sites[i].Draining || sites[i].ID == restless.Supervisor
	}
	r := s.plan(d, subject, sites)
	return withWorkers(g, r.Workers), r.Problem
}

// plan plans all topologies, d as subject says, and returns what comes out for d.
func (s *state) plan(d *deployment, subject schedule.Topology, sites []schedule.Supervisor) schedule.Result {
	all := make([]schedule.Topology, 0, len(s.deployments)+1)
	at := -1
	for _, o := range s.inOrder() {
		if o.record.Name == d.record.Name {
			at = len(all)
			all = append(all, subject)
		} else if t, ok := s.outlineOfOther(o); ok {
			all = append(all, t)
		}
	}
	if at < 0 { // it is not there yet
		at = len(all)
		all = append(all, subject)
	}
	return schedule.Plan(sites, all)[at]
}

func (s *state) sites(now time.Time) []schedule.Supervisor {
	sites := make([]schedule.Supervisor, 0, len(s.supervisors))
	for id, v := range s.supervisors {
		h := &v.record.Host
		sites = append(sites, schedule.Supervisor{
			ID: id, OS: h.OS, Arch: h.Arch, Slots: h.Slots, Memory: h.Memory, CPU: h.CPU, Labels: h.Labels,
			Usable: s.up(v, now), Draining: v.emptied(),
		})
	}
	return sites
}

// outlineOfOther returns what a topology uses that is not itself planned; false when it uses nothing and waits for nothing.
func (s *state) outlineOfOther(d *deployment) (schedule.Topology, bool) {
	switch g := target(d); {
	case g != nil:
		return s.outlineOf(d, g), true
	case d.broken != "" || d.record.Status != cluster.Active && d.record.Status != cluster.Inactive:
		return schedule.Topology{}, false
	}
	return outline(d.record.Name, wishOf(&d.record)), true
}

// target returns the generation that is to run: the next one, while there is one.
func target(d *deployment) *cluster.Generation {
	if d.next() != nil && d.record.Next != nil {
		return d.next()
	}
	return d.current()
}

// outlineOf returns the topology with the workers of g, a generation of it.
func (s *state) outlineOf(d *deployment, g *cluster.Generation) schedule.Topology {
	w := wish{&d.record.Definition, g.Program, len(g.Workers), g.Parallelism}
	if g == d.next() && d.record.Next != nil {
		w.definition = &d.record.Next.Definition
	}
	t := outline(d.record.Name, w)
	t.Running = scheduled(g.Workers)
	if g == d.next() && d.current() != nil {
		t.Previous = past(&d.record, d.current())
	}
	return t
}

func outline(name string, w wish) schedule.Topology {
	d := w.definition
	return schedule.Topology{
		Name: name, OS: d.OS, Arch: d.Arch, Components: components(d, w.parallelism), Workers: w.workers,
		Memory: d.Memory, Isolate: d.Isolate, Labels: d.Labels,
	}
}

func components(d *cluster.Definition, parallelism map[string]int) []schedule.Component {
	tasks := d.Tasks(parallelism)
	components := make([]schedule.Component, len(d.Components))
	for i, c := range d.Components {
		inputs := map[string]bool{}
		for _, in := range c.Inputs {
			inputs[in.Component] = true
		}
		components[i] = schedule.Component{ID: c.ID, Parallelism: tasks[c.ID], Memory: c.Memory, CPU: c.CPU, Inputs: slices.Sorted(maps.Keys(inputs))}
	}
	return components
}

func past(t *cluster.Topology, g *cluster.Generation) schedule.Generation {
	return schedule.Generation{Components: components(&t.Definition, g.Parallelism), Memory: g.Memory, Isolate: t.Definition.Isolate, Workers: scheduled(g.Workers)}
}

func scheduled(workers []cluster.Worker) []schedule.Worker {
	all := make([]schedule.Worker, len(workers))
	for i, w := range workers {
		all[i] = schedule.Worker{ID: w.ID, Supervisor: w.Supervisor, Tasks: make([]int, len(w.Tasks))}
		for j, t := range w.Tasks {
			all[i].Tasks[j] = int(t)
		}
	}
	return all
}

// workersOf gives ids to those that have none.
func workersOf(planned []schedule.Worker) []cluster.Worker {
	workers := make([]cluster.Worker, len(planned))
	for i, p := range planned {
		workers[i] = cluster.Worker{ID: p.ID, Supervisor: p.Supervisor, Tasks: make([]cluster.TaskID, len(p.Tasks))}
		if p.ID == "" {
			workers[i].ID = nuid.Next()
		}
		for j, t := range p.Tasks {
			workers[i].Tasks[j] = cluster.TaskID(t)
		}
	}
	return workers
}

// withWorkers returns g with the planned workers; those of g whose tasks found no place stay in it, where they were, until there is room
// or their supervisor is back.
func withWorkers(g *cluster.Generation, planned []schedule.Worker) *cluster.Generation {
	with := *g
	with.Workers = workersOf(planned)
	owned := map[cluster.TaskID]bool{}
	for _, w := range with.Workers {
		for _, t := range w.Tasks {
			owned[t] = true
		}
	}
	for _, w := range g.Workers {
		if with.Worker(w.ID) == nil && !slices.ContainsFunc(w.Tasks, func(t cluster.TaskID) bool { return owned[t] }) {
			with.Workers = append(with.Workers, w)
		}
	}
	return &with
}
