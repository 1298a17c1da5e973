package acker

import (
	"fmt"
	"sync/atomic"
)

// Mode says what the timeout of a tree is counted from.
type Mode uint8

// The modes.
const (
	SinceEmit     Mode = iota // from Open
	SinceProgress             // from Open or the last Apply
)

// Ledger holds the trees of one spout task: an array of slots, each with one tree
// or free. Methods marked "owner" are for one goroutine, the others for any.
type Ledger struct {
	task  uint32
	mode  Mode
	slots []slot
	// renewed is set once any timeout may have begun anew. Until then the owner need not look at slots
	// that open again, which other cores have.
	renewed atomic.Bool
	// What follows changes with every tree, and what precedes is read with every ack: on one
	// cache line each would wait for the other (const-null-acked: 20 % slower).
	_     [64]byte
	owned []record
	// free is a ring of the free slots, oldest first, so that a slot rests as long as
	// can be before its next use.
	free       []uint32
	now        uint32 // the last tick that the owner has told
	head, open int    // head: the next free slot in the ring; open: how many are not free
}

// slot is what many goroutines touch. 16 bytes: four share a cache line, and one
// line serves four acks.
type slot struct {
	// All access to xor and generation is atomic but for Arm's; see there.
	xor uint64
	// generation names the use that the slot is in, and is 0 once that has failed or
	// expired. Only the owner sets it to non-zero. It stays when the use is complete: then
	// xor is 0, and that refuses what comes later.
	generation uint32
	touched    atomic.Uint32 // when its timeout began anew, at first its opening
}

// record is what the owner alone knows of a slot.
type record struct {
	id         any
	opened     int64
	tick       uint32 // when it was opened
	generation uint32 // of its last use
	wildAt     uint32 // when a use failed or expired
	wild       bool   // late acks of that use may come
	open       bool
}

// wildTicks is how long after a failure or an expiry a late ack may come. A later one is refused all the
// same; see Arm.
const wildTicks = 1024

// New returns the ledger of a task with room for the given number of pending trees, in
// 1..MaxPending. seed decides where the generations begin: a task that is started anew must
// begin elsewhere, so that acks of its former life are refused.
func New(task uint32, pending int, mode Mode, seed uint64) *Ledger {
	if task > MaxTask || pending < 1 || pending > MaxPending {
		panic(fmt.Sprintf("acker: New(%d, %d): out of range", task, pending))
	}
	l := &Ledger{task: task, mode: mode, slots: make([]slot, pending), owned: make([]record, pending), free: make([]uint32, pending)}
	for i := range l.free {
		l.free[i] = uint32(i)
		l.owned[i].generation = uint32(seed) & generationMask
	}
	l.renewed.Store(mode == SinceProgress)
	return l
}

// Pending returns how many trees are open. Owner.
func (l *Ledger) Pending() int { return l.open }

// Full reports whether there is no room for another tree. Owner.
func (l *Ledger) Full() bool { return l.open == len(l.slots) }

// Open begins a tree with a message id, which Settle and Expire hand back. opened is the time
// for the caller's own use, tick the coarse time that its timeout counts from. The ledger
// must not be full. Owner.
func (l *Ledger) Open(id any, opened int64, tick uint32) RootID {
	if l.Full() {
		panic("acker: Open on a full ledger")
	}
	n := l.free[l.head]
	if l.head++; l.head == len(l.free) {
		l.head = 0
	}
	l.open++
	l.now = tick
	r := &l.owned[n]
	if r.tick != tick || l.renewed.Load() {
		l.slots[n].begin(tick)
	}
	if r.wild && tick-r.wildAt > wildTicks {
		r.wild = false
	}
	r.id, r.opened, r.tick, r.open = id, opened, tick, true
	r.generation = nextGeneration(r.generation)
	return makeRoot(l.task, n, r.generation)
}

// begin has the timeout of a slot begin at tick. What is there may lie 2^31 ticks back and look as if
// ahead.
func (s *slot) begin(tick uint32) {
	if s.touched.Load() != tick { // a load is cheaper than a store
		s.touched.Store(tick)
	}
}

func nextGeneration(g uint32) uint32 {
	if g = (g + 1) & generationMask; g == 0 {
		return 1
	}
	return g
}

// Arm puts the XOR of the root's edges into the ledger; from here on the tree
// can complete. It reports whether the tree is complete already, because it has no
// edges. It is called once after Open and before any of the edges is known to anybody, which
// makes the random hold of Storm's ledger unnecessary. Owner.
func (l *Ledger) Arm(root RootID, xor uint64) (complete bool) {
	n := root.slot()
	s := &l.slots[n]
	if !l.owned[n].wild {
		// The last use was completed: whoever acked in it has told the owner since, and those who
		// will ack in this one are told of it later. Nobody else can name the slot, so plain stores
		// do. An atomic one waits until all stores before it are done, among them those to the
		// slab of the tuple before, which another core has: 30 ns a tuple.
		s.generation, s.xor = root.generation(), xor
		return xor == 0
	}
	// A late Apply to a former use may be between its load of xor and its CAS. It has
	// loaded a value of that use, and the CAS fails on what is stored here: see Apply. That holds
	// for the stores above, too, should one come later than wildTicks.
	atomic.StoreUint32(&s.generation, root.generation())
	atomic.StoreUint64(&s.xor, xor)
	return xor == 0
}

// Apply XORs x into the tree: the edge of the tuple that is acked and the edges of
// those that were made from it. complete tells that this completed the tree: the
// caller must tell the owner, who calls Settle. ok is false when the tree is not open any
// more, or never was: x is then dropped. tick is the coarse time.
func (l *Ledger) Apply(root RootID, x uint64, tick uint32) (complete, ok bool) {
	s := l.slot(root)
	if s == nil {
		return false, false
	}
	for {
		// The order matters. When the slot goes to its next use between these loads and
		// the CAS, then generation was stored before xor was. Either the new generation
		// is seen here and refused, or old is of the former use, and the CAS fails
		// because xor is another random number by then.
		old := atomic.LoadUint64(&s.xor)
		if atomic.LoadUint32(&s.generation) != root.generation() || old == 0 {
			return false, false
		}
		if atomic.CompareAndSwapUint64(&s.xor, old, old^x) {
			if l.mode == SinceProgress {
				s.touch(tick)
			}
			return old == x, true
		}
	}
}

// touch has the timeout begin anew at tick, but never earlier than it does: tick may be of a task
// that read its clock before the last one that touched.
func (s *slot) touch(tick uint32) {
	for {
		old := s.touched.Load()
		if int32(tick-old) <= 0 || s.touched.CompareAndSwap(old, tick) {
			return
		}
	}
}

// has reports whether the slot has the tree, and the tree has neither failed nor is complete.
func (s *slot) has(root RootID) bool {
	return atomic.LoadUint32(&s.generation) == root.generation() && atomic.LoadUint64(&s.xor) != 0
}

// Fail fails the tree. first tells that this is its first failure: the caller must tell the
// owner, who calls SettleFailed. Later Applies and Fails are refused.
func (l *Ledger) Fail(root RootID) (first bool) {
	s := l.slot(root)
	return s != nil && s.has(root) && atomic.CompareAndSwapUint32(&s.generation, root.generation(), 0)
}

// slot returns the slot that the root names, nil when no Open can have returned it: roots
// may come from other processes.
func (l *Ledger) slot(root RootID) *slot {
	n := root.slot()
	if n >= uint32(len(l.slots)) || root.generation() == 0 || root.Task() != l.task {
		return nil
	}
	return &l.slots[n]
}

// Touch gives the tree the full timeout again, counted from tick. It reports whether
// the tree is open and not complete.
func (l *Ledger) Touch(root RootID, tick uint32) (ok bool) {
	s := l.slot(root)
	if s == nil || !s.has(root) {
		return false
	}
	if !l.renewed.Load() {
		l.renewed.Store(true)
	}
	s.touch(tick)
	return true
}

// Settled is a tree that has ended.
type Settled struct {
	ID     any   // what Open was given
	Opened int64 // what Open was given
}

// Settle ends a tree whose Apply or Arm said that it is complete, and frees its slot. ok is false
// when it had ended before: it expired while the word was under way. Owner.
func (l *Ledger) Settle(root RootID) (t Settled, ok bool) {
	if !l.isOpen(root) {
		return Settled{}, false
	}
	return l.settle(root.slot()), true
}

// SettleFailed ends a tree whose Fail said that it was the first, as Settle does. Owner.
func (l *Ledger) SettleFailed(root RootID) (t Settled, ok bool) {
	if !l.isOpen(root) {
		return Settled{}, false
	}
	return l.end(root.slot()), true
}

func (l *Ledger) isOpen(root RootID) bool {
	n := root.slot()
	if n >= uint32(len(l.owned)) || root.Task() != l.task {
		return false
	}
	r := &l.owned[n]
	return r.open && r.generation == root.generation()
}

// settle frees the slot. A completed tree has no edge left that could speak of it; one that
// failed or expired may have, and has had its generation taken away.
func (l *Ledger) settle(n uint32) Settled {
	r := &l.owned[n]
	t := Settled{ID: r.id, Opened: r.opened}
	r.id, r.open = nil, false
	tail := l.head + len(l.free) - l.open
	if tail >= len(l.free) {
		tail -= len(l.free)
	}
	l.free[tail] = n
	l.open--
	return t
}

// Expire ends all trees whose timeout began at least age ticks before now, and appends
// them to expired, which it returns. Ticks are compared modulo 2^32, so none may be older than 2^31;
// one that lies ahead, because another goroutine's clock was read later, is young. Owner.
func (l *Ledger) Expire(now, age uint32, expired []Settled) []Settled {
	l.now = now
	if l.open == 0 {
		return expired
	}
	for n := range l.owned {
		if l.owned[n].open && int32(now-l.began(n)) >= int32(age) {
			expired = append(expired, l.end(uint32(n)))
		}
	}
	return expired
}

// began returns when the timeout of an open slot began: the later of its opening and the last
// touch. A touch of an earlier use that was late is older than the opening.
func (l *Ledger) began(n int) uint32 {
	opened, touched := l.owned[n].tick, l.slots[n].touched.Load()
	if int32(touched-opened) > 0 {
		return touched
	}
	return opened
}

// end settles a tree that is not complete.
func (l *Ledger) end(n uint32) Settled {
	atomic.StoreUint32(&l.slots[n].generation, 0)
	l.owned[n].wild, l.owned[n].wildAt = true, l.now
	return l.settle(n)
}

// Drain ends all trees, as Expire does. Owner.
func (l *Ledger) Drain(ended []Settled) []Settled {
	for n := range l.owned {
		if l.owned[n].open {
			ended = append(ended, l.end(uint32(n)))
		}
	}
	return ended
}
