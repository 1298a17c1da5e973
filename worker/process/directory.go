package process

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport"
)

// directory knows which slot each worker of the generation fills. A slot is a set of tasks; the worker that fills it changes when
// a supervisor is lost.
type directory struct {
	slots [][]topology.TaskID
	mu    struct {
		sync.Mutex
		filler []string                   // by slot: the worker that fills it now
		slotOf map[string]int             // by worker id; those of former workers stay, since something may still be said of them
		met    map[string]*transport.Peer // by worker id: as whom it was connected
	}
}

func newDirectory(g *cluster.Generation) *directory {
	d := &directory{slots: slotsOf(g)}
	d.mu.filler = make([]string, len(d.slots))
	d.mu.slotOf, d.mu.met = map[string]int{}, map[string]*transport.Peer{}
	return d
}

// slot returns the slot that the worker fills, or has filled.
func (d *directory) slot(id string) (slot int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slot, ok = d.mu.slotOf[id]
	return slot, ok
}

// meet returns the slot that a peer fills, or has filled. It has it connected before, once: either when the worker's loop takes the peer in, or when
// its first frame comes, which is not to be handled before. A former worker was connected long ago, and does not take its slot back.
func (d *directory) meet(p *transport.Peer, connect func(slot int)) (slot int, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slot, ok = d.mu.slotOf[p.ID()]
	if ok && d.mu.met[p.ID()] != p {
		d.mu.met[p.ID()] = p
		connect(slot)
	}
	return slot, ok
}

// fills reports whether the worker fills the slot now.
func (d *directory) fills(slot int, id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mu.filler[slot] == id
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
		d.mu.slotOf[w.ID], d.mu.filler[i] = i, w.ID
	}
	return nil
}

// ids are all workers that the directory has known.
func (d *directory) ids() iter.Seq[string] {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Values(slices.Sorted(maps.Keys(d.mu.slotOf)))
}
