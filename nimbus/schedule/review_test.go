package schedule_test

import (
	"fmt"
	"slices"

	"github.com/galestream/gale/nimbus/schedule"
)

// planner is Plan, or something that is meant to do worse.
type planner func([]schedule.Supervisor, []schedule.Topology) []schedule.Result

// review goes through a plan topology by topology, as Plan says that it serves them, and finds what is wrong with it. It knows nothing of
// how a plan is made.
type review struct {
	supervisors []schedule.Supervisor
	topologies  []schedule.Topology
	now         [][]schedule.Worker // of each topology: what stays, and from its turn on what is planned
	faults      []string
}

func (r *review) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// faults returns what is wrong with the plan.
func faults(supervisors []schedule.Supervisor, topologies []schedule.Topology, results []schedule.Result) []string {
	r := &review{supervisors: supervisors, topologies: topologies}
	if len(results) != len(topologies) {
		return []string{"not one result for each topology"}
	}
	for _, t := range topologies {
		r.now = append(r.now, r.staying(t))
	}
	for i, result := range results {
		r.stays(i, result)
		r.owners(i, result)
		r.placed(i, result)
		r.refused(i, result)
		r.now[i] = result.Workers
		r.balanced(i, result)
		r.dealt(i, result)
		r.apart(i, result)
	}
	r.capacity()
	r.isolation()
	return r.faults
}

func (r *review) supervisor(id string) *schedule.Supervisor {
	i := slices.IndexFunc(r.supervisors, func(s schedule.Supervisor) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &r.supervisors[i]
}

// staying returns the workers that must not be touched.
func (r *review) staying(t schedule.Topology) (stay []schedule.Worker) {
	for _, w := range t.Running {
		if s := r.supervisor(w.Supervisor); s != nil && s.Usable {
			stay = append(stay, w)
		}
	}
	return stay
}

// stays finds workers that were moved, changed or dropped without need, and new ones that pose as old.
func (r *review) stays(i int, result schedule.Result) {
	stay := r.now[i]
	if len(result.Workers) < len(stay) || fmt.Sprint(result.Workers[:len(stay)]) != fmt.Sprint(stay) {
		r.fault("%s: %v runs, and it is made %v of it", result.Name, stay, result.Workers)
	}
	for _, w := range fresh(result) {
		if slices.ContainsFunc(stay, func(old schedule.Worker) bool { return old.ID == w.ID }) {
			r.fault("%s: worker %s twice", result.Name, w.ID)
		}
	}
}

// fresh returns the workers of a result that are to be made.
func fresh(result schedule.Result) []schedule.Worker {
	return slices.DeleteFunc(slices.Clone(result.Workers), func(w schedule.Worker) bool { return w.ID != "" })
}

func (r *review) owners(i int, result schedule.Result) {
	owners := map[int]int{}
	for _, w := range result.Workers {
		if !slices.IsSorted(w.Tasks) {
			r.fault("%s: tasks %v are not in order", result.Name, w.Tasks)
		}
		for _, task := range w.Tasks {
			owners[task]++
		}
	}
	without := 0
	for task := range tasks(r.topologies[i].Components) {
		if owners[task+1] > 1 {
			r.fault("%s: task %d has %d owners", result.Name, task+1, owners[task+1])
		}
		if owners[task+1] == 0 {
			without++
		}
		delete(owners, task+1)
	}
	if len(owners) > 0 {
		r.fault("%s: there are no tasks %v", result.Name, owners)
	}
	if (without > 0) != (result.Problem != "") {
		r.fault("%s: %d tasks have no owner, and the problem is %q", result.Name, without, result.Problem)
	}
	if len(r.topologies[i].Running) == 0 && result.Problem != "" && len(result.Workers) > 0 {
		r.fault("%s: a new generation in part", result.Name)
	}
}

// placed finds new workers that are where they must not be.
func (r *review) placed(i int, result schedule.Result) {
	for _, w := range fresh(result) {
		if !r.allowed(i, w.Supervisor) {
			r.fault("%s: a worker on %s", result.Name, w.Supervisor)
		}
	}
}

// allowed reports whether new workers of the topology may be on the supervisor, but for its capacity.
func (r *review) allowed(i int, id string) bool {
	s, t := r.supervisor(id), r.topologies[i]
	if s == nil || !s.Usable || s.Draining || t.OS != "" && t.OS != s.OS || t.Arch != "" && t.Arch != s.Arch {
		return false
	}
	for name, value := range t.Labels {
		if s.Labels[name] != value {
			return false
		}
	}
	for k, other := range r.topologies {
		used := r.claim(k, id).slots > 0
		if k != i && used && (t.Isolate > 0 || other.Isolate > 0 || other.Previous.Isolate > 0) {
			return false
		}
	}
	return true
}

// refused finds new generations that got no place, or fewer workers than they should have, though there is room.
func (r *review) refused(i int, result schedule.Result) {
	t := r.topologies[i]
	want := min(max(t.Workers, 1), tasks(t.Components))
	if len(t.Running) > 0 {
		return
	}
	if result.Problem == "" && len(result.Workers) != want {
		r.fault("%s: %d workers, not %d", result.Name, len(result.Workers), want)
	}
	free := 0
	for _, s := range r.supervisors {
		if r.allowed(i, s.ID) {
			free += s.Slots - r.others(i, s.ID).slots
		}
	}
	if result.Problem != "" && free >= want && !hinted(t) && t.Isolate == 0 {
		r.fault("%s: %d slots are free, and the problem is %q", result.Name, free, result.Problem)
	}
}

// balanced finds new workers on supervisors that are more than one above another where there was room. Hints excuse it.
func (r *review) balanced(i int, result schedule.Result) {
	if hinted(r.topologies[i]) {
		return
	}
	used := func(id string) int { return r.others(i, id).slots + r.planned(i, id).slots }
	for _, w := range fresh(result) {
		for _, s := range r.supervisors {
			mine := r.topologies[i].Isolate == 0 || r.planned(i, s.ID).slots > 0
			if mine && r.allowed(i, s.ID) && used(s.ID) < s.Slots && used(w.Supervisor) > used(s.ID)+1 {
				r.fault("%s: %d workers on %s, and %d on %s", result.Name, used(w.Supervisor), w.Supervisor, used(s.ID), s.ID)
			}
		}
	}
}

// apart finds topologies that isolate themselves on more or fewer supervisors than they should have.
func (r *review) apart(i int, result schedule.Result) {
	t := r.topologies[i]
	if t.Isolate == 0 {
		return
	}
	n, stay := r.supervisorsOf(result.Workers), r.supervisorsOf(r.staying(t))
	if n > max(t.Isolate, stay) {
		r.fault("%s: on %d supervisors of its own, not %d", t.Name, n, t.Isolate)
	}
	if len(t.Running) == 0 && !hinted(t) && n != min(t.Isolate, len(result.Workers)) {
		r.fault("%s: only on %d supervisors of its own", t.Name, n)
	}
}

// supervisorsOf counts the supervisors that the workers are on, but for those that they will leave.
func (r *review) supervisorsOf(workers []schedule.Worker) int {
	ids := map[string]bool{}
	for _, w := range workers {
		if !r.supervisor(w.Supervisor).Draining {
			ids[w.Supervisor] = true
		}
	}
	return len(ids)
}

// dealt finds new generations whose tasks are unevenly dealt.
func (r *review) dealt(i int, result schedule.Result) {
	t := r.topologies[i]
	if len(t.Running) > 0 || len(result.Workers) == 0 {
		return
	}
	first := 1
	r.even(t.Name, result.Workers, func(int) bool { return true })
	for _, c := range t.Components {
		r.even(c.ID+" of "+t.Name, result.Workers, func(task int) bool { return task >= first && task < first+c.Parallelism })
		first += c.Parallelism
	}
}

func (r *review) even(what string, workers []schedule.Worker, counts func(task int) bool) {
	var sizes []int
	for _, w := range workers {
		sizes = append(sizes, len(slices.DeleteFunc(slices.Clone(w.Tasks), func(task int) bool { return !counts(task) })))
	}
	if slices.Max(sizes) > slices.Min(sizes)+1 {
		r.fault("%s: dealt as %v", what, sizes)
	}
}

// capacity finds supervisors that have more than they can run.
func (r *review) capacity() {
	for _, s := range r.supervisors {
		u := r.others(-1, s.ID)
		if u.slots > s.Slots || s.Memory > 0 && u.memory > s.Memory || s.CPU > 0 && u.cpu > s.CPU {
			r.fault("%s has %+v", s.ID, u)
		}
	}
}

// isolation finds supervisors that a topology has for itself, and another uses.
func (r *review) isolation() {
	for i, t := range r.topologies {
		var own []schedule.Worker
		if t.Isolate > 0 {
			own = append(own, r.now[i]...)
		}
		if t.Previous.Isolate > 0 {
			own = append(own, t.Previous.Workers...)
		}
		for _, w := range own {
			if r.others(i, w.Supervisor).slots > 0 {
				r.fault("%s is not alone on %s", t.Name, w.Supervisor)
			}
		}
	}
}

type use struct{ slots, memory, cpu int }

// others returns what all topologies but the i-th have a claim to.
func (r *review) others(i int, id string) (sum use) {
	for k := range r.topologies {
		if k != i {
			u := r.claim(k, id)
			sum = use{sum.slots + u.slots, sum.memory + u.memory, sum.cpu + u.cpu}
		}
	}
	return sum
}

// claim is what a topology needs on a supervisor, whether it goes on to its new generation or back to the previous one.
func (r *review) claim(i int, id string) use {
	a, before := r.planned(i, id), r.topologies[i].Previous
	b := uses(before.Workers, before.Components, before.Memory, id)
	return use{max(a.slots, b.slots), max(a.memory, b.memory), max(a.cpu, b.cpu)}
}

func (r *review) planned(i int, id string) use {
	return uses(r.now[i], r.topologies[i].Components, r.topologies[i].Memory, id)
}

func uses(workers []schedule.Worker, components []schedule.Component, memory int, id string) (u use) {
	var of []schedule.Component
	for _, c := range components {
		of = append(of, slices.Repeat([]schedule.Component{c}, c.Parallelism)...)
	}
	for _, w := range workers {
		if w.Supervisor != id {
			continue
		}
		u.slots++
		u.memory += memory
		for _, task := range w.Tasks {
			u.cpu += of[task-1].CPU
			if memory == 0 {
				u.memory += of[task-1].Memory
			}
		}
	}
	return u
}

func tasks(components []schedule.Component) (n int) {
	for _, c := range components {
		n += c.Parallelism
	}
	return n
}

func hinted(t schedule.Topology) bool {
	return t.Memory > 0 || slices.ContainsFunc(t.Components, func(c schedule.Component) bool { return c.Memory > 0 || c.CPU > 0 })
}
