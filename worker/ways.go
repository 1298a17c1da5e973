package worker

import "github.com/galestream/gale/topology"

// ways are the outlets of one task while it is wired.
type ways struct {
	t   *task
	one map[topology.TaskID]*outlet // one for each receiver, whatever the streams: so what one task sends another stays in order
	all map[*place]*outlet          // to all tasks of a component in another worker
}

// to returns the outlets of a subscription of c, in the order of the tasks.
func (y *ways) to(in topology.Subscription, c *topology.Component) []*outlet {
	tasks := y.t.w.topology.Tasks(c.ID)
	if in.Kind == topology.All {
		return y.toAll(tasks)
	}
	if in.Kind == topology.LocalOrShuffle {
		if here := y.here(tasks); len(here) > 0 {
			tasks = here
		}
	}
	outlets := make([]*outlet, len(tasks))
	for i, id := range tasks {
		outlets[i] = y.toTask(id)
	}
	return outlets
}

func (y *ways) here(tasks []topology.TaskID) (here []topology.TaskID) {
	for _, id := range tasks {
		if y.t.w.here(id) {
			here = append(here, id)
		}
	}
	return here
}

func (y *ways) toTask(id topology.TaskID) *outlet {
	if y.one[id] != nil {
		return y.one[id]
	}
	o := &outlet{task: id}
	if w := y.t.w; w.here(id) {
		o.to = w.boltOf[id].in
	} else {
		o.place = w.slotOf(id).placeOf(uint32(id))
	}
	y.one[id] = y.add(o)
	return o
}

func (y *ways) add(o *outlet) *outlet {
	o.size = min(minSlab, y.t.w.opt.BatchSize)
	y.t.outlets = append(y.t.outlets, o)
	return o
}

// toAll returns the outlets of an all-grouping: one for each task here, and one for each other worker that has any of the tasks.
func (y *ways) toAll(tasks []topology.TaskID) (outlets []*outlet) {
	w := y.t.w
	seen := map[*slot]bool{}
	for _, id := range tasks {
		if w.here(id) {
			outlets = append(outlets, y.toTask(id))
			continue
		}
		if s := w.slotOf(id); !seen[s] {
			seen[s] = true
			outlets = append(outlets, y.toSlot(s, id))
		}
	}
	return outlets
}

// toSlot returns the outlet to all tasks that another worker has of the component of id, the lowest of them.
func (y *ways) toSlot(s *slot, id topology.TaskID) *outlet {
	p := s.placeOf(allOf | uint32(y.t.w.position(y.t.w.componentOf[id])))
	if y.all[p] == nil {
		y.all[p] = y.add(&outlet{task: id, place: p})
	}
	return y.all[p]
}

// position returns where c is among the components.
func (w *Worker) position(c *topology.Component) int {
	for i := range w.topology.Components {
		if w.topology.Components[i] == c {
			return i
		}
	}
	return -1
}
