package schedule

import "slices"

// roster says which component each task of a generation is of, and what it needs.
type roster struct {
	components []Component
	memory     int   // MiB of each worker; 0: the sum of its tasks' hints
	first      []int // the first task of each component
	of         []int // the index of each task's component; of[0] is task 1's
}

func newRoster(components []Component, memory int) roster {
	r := roster{components: components, memory: memory}
	for i, c := range components {
		r.first = append(r.first, len(r.of)+1)
		r.of = append(r.of, slices.Repeat([]int{i}, max(0, c.Parallelism))...)
	}
	return r
}

// has reports whether there is a task of the id.
func (r *roster) has(task int) bool { return task >= 1 && task <= len(r.of) }

// component returns the index of a task's component, and the task's index in it.
func (r *roster) component(task int) (component, index int) {
	component = r.of[task-1]
	return component, task - r.first[component]
}

// floor is what any worker needs at least.
func (r *roster) floor() load { return load{slots: 1, memory: r.memory} }

// need returns what a worker with the tasks needs.
func (r *roster) need(tasks []int) load {
	need := r.floor()
	for _, task := range tasks {
		if !r.has(task) {
			continue
		}
		c := &r.components[r.of[task-1]]
		need.cpu += c.CPU
		if r.memory == 0 {
			need.memory += c.Memory
		}
	}
	return need
}

// inputs returns for each component the indices of those that it receives from.
func (r *roster) inputs() [][]int {
	index := map[string]int{}
	for i, c := range r.components {
		index[c.ID] = i
	}
	inputs := make([][]int, len(r.components))
	for i, c := range r.components {
		for _, id := range c.Inputs {
			if k, ok := index[id]; ok {
				inputs[i] = append(inputs[i], k)
			}
		}
	}
	return inputs
}

// upstream returns the indices of components in an order in which each comes after its inputs.
func upstream(inputs [][]int) []int {
	var order []int
	done := make([]bool, len(inputs))
	var visit func(i int)
	visit = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		for _, k := range inputs[i] {
			visit(k)
		}
		order = append(order, i)
	}
	for i := range inputs {
		visit(i)
	}
	return order
}
