package worker

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport/wire"
)

// slot is another worker of the topology as this one sees it: its tasks, and how to reach them. The process that fills it may
// change.
type slot struct {
	w     *Worker
	index int
	tasks []topology.TaskID
	peer  atomic.Pointer[Peer] // nil while it can't be reached

	places sync.Map // by dest: *place

	posting struct { // of mail for its tasks
		sync.Mutex
		number uint32 // of the last
		record []byte // being sent
	}

	// What follows is for its slabs, which come one at a time.
	credits  map[uint32]*credit // by dest, of the process that the last came from
	decoder  *wire.Decoder
	random   random // for the parts of shared edges
	values   []topology.Value
	told     []words      // by spout: what its records complete; they come one at a time, as for the next two
	mail     mailPart     // of which parts have come and others are to; its at says nothing
	mailText []byte       // what has come of it
	dropped  atomic.Int64 // slabs that came from there and found no room
	refused  atomic.Int64 // slabs and records that came from there and could not be read
}

func newSlot(w *Worker, index int, tasks []topology.TaskID) *slot {
	salt := uint64(w.opt.Placement.Own+1)<<32 | uint64(index) // unlike those of tasks, and of the slots of workers with the same seed
	return &slot{w: w, index: index, tasks: tasks, credits: map[uint32]*credit{}, decoder: wire.NewDecoder(), random: newRandom(w.opt.Seed, salt)}
}

// reach returns the way there, nil when there is none now.
func (s *slot) reach() Peer {
	if p := s.peer.Load(); p != nil {
		return *p
	}
	return nil
}

// control sends a record there. One that can't be sent is lost: its tree fails or expires.
func (s *slot) control(record []byte) {
	if p := s.reach(); p != nil {
		p.Control(record)
	}
}

// placeOf returns the place of a destination there.
func (s *slot) placeOf(dest uint32) *place {
	p, _ := s.places.LoadOrStore(dest, &place{slot: s, dest: dest})
	return p.(*place)
}

// place is where slabs for another worker go: one of its tasks, or all that it has of a component.
type place struct {
	slot *slot
	dest uint32
	mu   struct {
		sync.Mutex
		waiting []chan struct{} // tasks that wait for credit
	}
}

// starving reports whether more than half of the credit is left.
func (p *place) starving() bool {
	peer := p.slot.reach()
	return peer != nil && peer.Credits(p.dest) > Credits/2
}

// send sends a slab there, if there is a way and credit.
func (p *place) send(slab []byte) bool {
	peer := p.slot.reach()
	return peer != nil && peer.Send(p.dest, slab)
}

// await has bell rung, once, when there may be credit.
func (p *place) await(bell chan struct{}) {
	p.mu.Lock()
	if !slices.Contains(p.mu.waiting, bell) {
		p.mu.waiting = append(p.mu.waiting, bell)
	}
	p.mu.Unlock()
}

// ring rings for all who wait.
func (p *place) ring() {
	p.mu.Lock()
	waiting := p.mu.waiting
	p.mu.waiting = nil
	p.mu.Unlock()
	for _, bell := range waiting {
		nudge(bell)
	}
}

// Connect gives a slot its way: from here on slabs and records for its tasks go to peer. nil says that it can't be reached;
// tasks that emit to it wait. It may be called at any time, from any goroutine.
func (w *Worker) Connect(slot int, peer Peer) {
	s := w.slots[slot]
	if peer == nil {
		s.peer.Store(nil)
		return
	}
	s.peer.Store(&peer)
	s.places.Range(func(_, p any) bool { p.(*place).ring(); return true })
}

// Credit says that there is credit again for a destination where Send has found none.
func (w *Worker) Credit(slot int, dest uint32) {
	if p, ok := w.slots[slot].places.Load(dest); ok {
		p.(*place).ring()
	}
}

// Lost says that the process of a slot has died, and with it all that was under way there: trees of this worker's
// spouts that may have had tuples there fail now, rather than when their time is over. Workers with spouts whose tuples this one sends on to there
// are told, with them the process that has taken the place, if Connect has been called for it: they may have begun trees since the
// death whose tuples this one has still sent to the dead. It is called once for each death.
func (w *Worker) Lost(slot int) {
	w.failThrough(slot, true)
	record := binary.BigEndian.AppendUint32([]byte{recordLost}, uint32(slot))
	for i, s := range w.slots {
		if i != w.opt.Placement.Own && w.sendsOn(s, w.slots[slot]) {
			s.control(record)
		}
	}
}

// failThrough fails the trees of this worker's spouts that may have tuples in a slot.
func (w *Worker) failThrough(slot int, seen bool) {
	for _, t := range w.spouts {
		if w.reaches(t.comp, w.slots[slot].tasks) {
			t.lane.lose(seen)
		}
	}
}

// sendsOn reports whether bolts here send tuples that come of a spout in one slot to another slot.
func (w *Worker) sendsOn(spouts, to *slot) bool {
	between := map[*topology.Component]bool{}
	for _, id := range spouts.tasks {
		if c := w.componentOf[id]; c.IsSpout() {
			maps.Copy(between, w.downstream(c))
		}
	}
	return slices.ContainsFunc(w.bolts, func(b *boltTask) bool { return between[b.comp] && w.feeds(b.comp, to.tasks) })
}

// feeds reports whether c emits to one of the tasks.
func (w *Worker) feeds(c *topology.Component, tasks []topology.TaskID) bool {
	return slices.ContainsFunc(tasks, func(id topology.TaskID) bool {
		return slices.ContainsFunc(w.componentOf[id].Inputs, func(in topology.Subscription) bool { return in.Component == c.ID })
	})
}

// Dropped returns how many slabs from the worker of a slot found no room, or could not be read. Their trees fail or time out.
func (w *Worker) Dropped(slot int) int64 {
	return w.slots[slot].dropped.Load() + w.slots[slot].refused.Load()
}

// reaches reports whether tuples of c can come to one of the tasks.
func (w *Worker) reaches(c *topology.Component, tasks []topology.TaskID) bool {
	down := w.downstream(c)
	for _, t := range tasks {
		if down[w.componentOf[t]] {
			return true
		}
	}
	return false
}

// downstream returns the components that tuples of c can come to.
func (w *Worker) downstream(c *topology.Component) map[*topology.Component]bool {
	down := map[*topology.Component]bool{}
	for _, next := range w.topology.Upstream() { // each comes after all that it receives from
		for _, in := range next.Inputs {
			if from := w.topology.Component(in.Component); from == c || down[from] {
				down[next] = true
			}
		}
	}
	return down
}

// granter is who wants to know that a slab was handled.
type granter interface{ grant() }

// credit is what the sender of a slab gets back when it was handled. It is the sender's that sent it: another may fill the slot by then.
type credit struct {
	peer Peer
	dest uint32
}

func (c *credit) grant() { c.peer.Grant(c.dest) }

// creditOf returns the credit of a destination that there is.
func (s *slot) creditOf(peer Peer, dest uint32) *credit {
	c := s.credits[dest]
	if c == nil || c.peer != peer {
		c = &credit{peer, dest}
		s.credits[dest] = c
	}
	return c
}

// sharedCredit is that of a slab that several tasks handle.
type sharedCredit struct {
	*credit
	left atomic.Int32
}

func (c *sharedCredit) grant() {
	if c.left.Add(-1) == 0 {
		c.credit.grant()
	}
}
