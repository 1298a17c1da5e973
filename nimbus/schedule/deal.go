package schedule

import (
	"cmp"
	"slices"
)

// dealer deals tasks to groups, of which each becomes a worker.
//
// Invariant: the groups differ by at most one task, and by at most one of each component. Each component gives every group
// its share, rounded down, and the remainder goes to groups that have had the fewest remainders so far.
type dealer struct {
	roster *roster
	past   past
	groups [][]int
	at     map[*site][]int // the groups that will be on each site, as far as is known
	extras []int           // remainders that each group has had
	group  []int           // of each task, -1 for none; group[0] is task 1's
	inputs [][]int         // by component, those that it receives from
}

// deal deals the orphans to as many groups as there are targets.
func (j *job) deal(p past, targets []*site) [][]int {
	d := &dealer{
		roster: &j.roster,
		past:   p,
		groups: make([][]int, len(targets)),
		at:     map[*site][]int{},
		extras: make([]int, len(targets)),
		group:  slices.Repeat([]int{-1}, len(j.roster.of)),
		inputs: j.roster.inputs(),
	}
	for g, s := range targets {
		d.at[s] = append(d.at[s], g)
	}
	byComponent := make([][]int, len(j.Components))
	for _, task := range j.orphans {
		c, _ := j.roster.component(task)
		byComponent[c] = append(byComponent[c], task)
	}
	for _, c := range upstream(d.inputs) { // so that a task's neighbours before it have been dealt
		d.dealComponent(byComponent[c])
	}
	for _, tasks := range d.groups {
		slices.Sort(tasks)
	}
	return d.groups
}

// dealComponent deals the tasks of one component: first those that wish for a group, by how much it matters.
func (d *dealer) dealComponent(tasks []int) {
	if len(tasks) == 0 {
		return
	}
	room := d.shares(tasks)
	for _, wish := range []func(task int) []int{d.heir, d.atHome, d.withNeighbours} {
		tasks = d.grant(tasks, room, wish)
	}
	next := 0
	for _, task := range tasks {
		for room[next%len(room)] == 0 {
			next++
		}
		d.give(task, next%len(room), room)
		next++
	}
}

// shares returns how many of the tasks each group gets.
func (d *dealer) shares(tasks []int) []int {
	n := len(d.groups)
	shares := slices.Repeat([]int{len(tasks) / n}, n)
	wished := d.wished(tasks)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(d.extras[a], d.extras[b]), cmp.Compare(wished[b], wished[a]))
	})
	for _, g := range order[:len(tasks)%n] {
		shares[g]++
		d.extras[g]++
	}
	return shares
}

// wished counts the tasks that wish for each group most.
func (d *dealer) wished(tasks []int) []int {
	wished := make([]int, len(d.groups))
	for _, task := range tasks {
		if wish := slices.Concat(d.heir(task), d.atHome(task), d.withNeighbours(task)); len(wish) > 0 {
			wished[wish[0]]++
		}
	}
	return wished
}

// grant deals tasks to groups that they wish for and that have room, and returns the other tasks.
func (d *dealer) grant(tasks, room []int, wish func(task int) []int) (rest []int) {
	for _, task := range tasks {
		wishes := wish(task)
		i := slices.IndexFunc(wishes, func(g int) bool { return room[g] > 0 })
		if i < 0 {
			rest = append(rest, task)
			continue
		}
		d.give(task, wishes[i], room)
	}
	return rest
}

func (d *dealer) give(task, group int, room []int) {
	d.groups[group] = append(d.groups[group], task)
	d.group[task-1] = group
	room[group]--
}

// heir returns the group that continues the worker that had the task.
func (d *dealer) heir(task int) []int {
	if a := d.had(task); a != nil && a.heir < len(d.groups) {
		return []int{a.heir}
	}
	return nil
}

// atHome returns the groups that will be where the task was.
func (d *dealer) atHome(task int) []int {
	a := d.had(task)
	if a == nil || a.site == nil {
		return nil
	}
	return d.at[a.site]
}

func (d *dealer) had(task int) *ancestor {
	c, index := d.roster.component(task)
	return d.past.had[taskName{d.roster.components[c].ID, index}]
}

// withNeighbours returns the groups that have the task of the same index in a component that the task's receives from.
func (d *dealer) withNeighbours(task int) (groups []int) {
	c, index := d.roster.component(task)
	for _, k := range d.inputs[c] {
		if index >= d.roster.components[k].Parallelism {
			continue
		}
		if g := d.group[d.roster.first[k]+index-1]; g >= 0 {
			groups = append(groups, g)
		}
	}
	return groups
}
