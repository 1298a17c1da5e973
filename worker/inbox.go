package worker

import (
	"sync"
	"sync/atomic"

	"github.com/galestream/gale/topology"
)

// inbox is where a bolt task's slabs wait.
type inbox struct {
	slabs chan *topology.Slab // from tasks of this worker
	// afar has slabs from other workers, and room for all that credit lets them send; nil when none can come. It is apart, or tasks here
	// would take that room.
	afar   chan *topology.Slab
	tuples atomic.Int64     // how many wait in slabs
	sent   atomic.Int64     // slabs ever put there
	queue  []*topology.Slab // instead of slabs, for tasks that are stepped
	keeps  bool             // the bolt may hold tuples: its slabs are not used again
}

// outlet is the way from one task to the inbox of another: a slab that fills.
// It belongs to the emitting task.
type outlet struct {
	to    *inbox          // nil when the receiver is in another worker
	place *place          // where that is; nil when it is here
	task  topology.TaskID // the receiver; of all tasks of a component in a place, the lowest
	slab  *topology.Slab  // nil when nothing waits
	size  int             // of the next slab: follows how full they have been
}

// starving reports whether the receiver has nothing to do, or is far from having enough: what waits for it is sent at once.
func (o *outlet) starving() bool {
	if o.place != nil {
		return o.place.starving()
	}
	return o.to.tuples.Load() == 0
}

// keeps reports whether the slab itself goes to a bolt that may hold it.
func (o *outlet) keeps() bool { return o.to != nil && o.to.keeps }

// minSlab is the size of the first slab of an outlet. One that is full when it is sent
// is followed by one of twice the size, up to Options.BatchSize, and one that is nearly empty by
// one of half the size, so that many outlets with little traffic cost little memory.
const minSlab = 16

// slabs keeps empty slabs for their next use, by size. It is bounded; what it has no room
// for is garbage.
type slabs struct {
	mu struct {
		sync.Mutex
		free map[int][]*topology.Slab
	}
}

// maxFree is how many empty slabs of a size are kept.
const maxFree = 64

func newSlabs() *slabs {
	s := &slabs{}
	s.mu.free = map[int][]*topology.Slab{}
	return s
}

func (s *slabs) get(size int) *topology.Slab {
	s.mu.Lock()
	free := s.mu.free[size]
	if n := len(free); n > 0 {
		slab := free[n-1]
		s.mu.free[size] = free[:n-1]
		s.mu.Unlock()
		return slab
	}
	s.mu.Unlock()
	return topology.NewSlab(size)
}

func (s *slabs) put(slab *topology.Slab) {
	slab.Reset()
	size := slab.Cap()
	s.mu.Lock()
	if free := s.mu.free[size]; len(free) < maxFree {
		s.mu.free[size] = append(free, slab)
	}
	s.mu.Unlock()
}
