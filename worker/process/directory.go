package process

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
)

// directory knows which slot each worker of the generation fills. A slot is a set of tasks; the worker that fills it changes when
// a supervisor is lost.
type directory struct {
	slots [][]topology.TaskID
	mu    struct {
		sync.Mutex
		slotOf map[string]int // by worker id; those of former workers stay, since something may still be said of them
	}
}

func newDirectory(g *cluster.Generation) *directory {
	d := &directory{slots: slotsOf(g)}
	d.mu.slotOf = map[string]int{}
	return d
}

// slot returns the slot that the worker fills, or has filled.
func (d *directory) slot(id string) (slot int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slot, ok = d.mu.slotOf[id]
	return slot, ok
}

// update takes in the workers of the generation. An error says that the tasks are not in the same sets any more; then this process
// can't go on.
func (d *directory) update(g *cluster.Generation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range g.Workers {
		i := slices.IndexFunc(d.slots, func(tasks []topology.TaskID) bool { return slices.Equal(tasks, w.Tasks) })
		if i < 0 {
			return fmt.Errorf("the tasks of worker %s are spread anew within generation %d", w.ID, g.Number)
		}
		d.mu.slotOf[w.ID] = i
	}
	return nil
}

// ids are all workers that the directory has known.
func (d *directory) ids() iter.Seq[string] {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Values(slices.Sorted(maps.Keys(d.mu.slotOf)))
}
