package worker

import (
	"fmt"
	"slices"

	"github.com/galestream/gale/topology"
)

// Placement says how the tasks of a topology are spread over several workers. All workers of a topology have equal
// Slots.
type Placement struct {
	Slots [][]topology.TaskID // the tasks of each worker, in ascending order; every task is in one
	Own   int                 // which of them this worker runs
}

// Peer is the way to the worker of a slot. Its methods never block.
type Peer interface {
	// Send sends a slab to a destination there. false: there is no credit for it now, and nothing was sent; [Worker.Credit] is called
	// when there is.
	Send(dest uint32, slab []byte) bool
	// Credits returns how many slabs can be sent to the destination now.
	Credits(dest uint32) int
	// Control sends a record that does not wait for credit.
	Control(record []byte)
	// Backlog returns how much of what was sent there waits, or has not been confirmed, in what a link sends at once.
	Backlog() int
	// Grant says that a slab that came from there for the destination was handled.
	Grant(dest uint32)
	// Traffic returns how many slabs and records were sent there, and how many that came from there were handled, since both ends
	// know each other.
	Traffic() (sent, handled int64)
}

// Credits is how many slabs another worker may have under way to one destination here: the receiving inbox keeps room for them. Both ends must agree.
const Credits = 128

// allOf marks a destination that is all tasks of a component in a worker: its position among the components.
const allOf = 1 << 31

// owners returns the slot of each task, by task.
func (p *Placement) owners(tasks int) ([]int, error) {
	owner := make([]int, tasks+1)
	for i := range owner {
		owner[i] = -1
	}
	for i, slot := range p.Slots {
		for _, t := range slot {
			if t == 0 || int(t) > tasks || owner[t] >= 0 {
				return nil, fmt.Errorf("the placement gives task %d of %d to slot %d; it is given elsewhere, or there is none", t, tasks, i)
			}
			owner[t] = i
		}
	}
	if i := slices.Index(owner[1:], -1); i >= 0 {
		return nil, fmt.Errorf("the placement leaves out task %d", i+1)
	}
	if p.Own < 0 || p.Own >= len(p.Slots) {
		return nil, fmt.Errorf("the placement has no slot %d", p.Own)
	}
	return owner, nil
}

// here returns whether the task runs in this worker.
func (w *Worker) here(t topology.TaskID) bool {
	return w.owner == nil || w.owner[t] == w.opt.Placement.Own
}

// slotOf returns the slot of a task that is not here.
func (w *Worker) slotOf(t topology.TaskID) *slot { return w.slots[w.owner[t]] }

// place makes what reaches the other workers.
func (w *Worker) place() error {
	if w.opt.Placement == nil {
		return nil
	}
	total := 0
	for _, c := range w.topology.Components {
		total += c.Parallelism
	}
	owner, err := w.opt.Placement.owners(total)
	if err != nil {
		return err
	}
	w.owner = owner
	for i, tasks := range w.opt.Placement.Slots {
		w.slots = append(w.slots, newSlot(w, i, tasks))
	}
	return nil
}

// roomForAfar returns how many slabs from other workers an inbox of c must have room for: from each worker what its credit allows to
// the task and to all tasks together, twice, since it may have died with that under way and begun anew. 0: none can come.
func (w *Worker) roomForAfar(c *topology.Component) int {
	senders := 0
	for i, s := range w.slots {
		if i != w.opt.Placement.Own && s.sendsTo(c) {
			senders++
		}
	}
	return senders * 2 * 2 * Credits
}

// sendsTo reports whether any task of the slot emits what c subscribes to.
func (s *slot) sendsTo(c *topology.Component) bool {
	for _, in := range c.Inputs {
		for _, id := range s.w.topology.Tasks(in.Component) {
			if s.w.owner[id] == s.index {
				return true
			}
		}
	}
	return false
}
