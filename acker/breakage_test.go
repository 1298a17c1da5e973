package acker

import "sync/atomic"

// What follows breaks the ledger in one way each.

// ungenerational applies late acks to whatever tree has the slot.
type ungenerational struct{ *Ledger }

func (l *ungenerational) Apply(root RootID, x uint64, tick uint32) (complete, ok bool) {
	now := atomic.LoadUint32(&l.slots[root.slot()].generation)
	return l.Ledger.Apply(makeRoot(root.Task(), root.slot(), now), x, tick)
}

// corrupting refuses late acks, but has applied them by then.
type corrupting struct{ *Ledger }

func (l *corrupting) Apply(root RootID, x uint64, tick uint32) (complete, ok bool) {
	if complete, ok = l.Ledger.Apply(root, x, tick); !ok {
		s := &l.slots[root.slot()]
		atomic.StoreUint64(&s.xor, atomic.LoadUint64(&s.xor)^x)
	}
	return complete, ok
}

type dropping struct {
	*Ledger
	applies int
}

func (l *dropping) Apply(root RootID, x uint64, tick uint32) (complete, ok bool) {
	if l.applies++; l.applies%100 == 0 {
		x = 0
	}
	return l.Ledger.Apply(root, x, tick)
}

type doubling struct {
	*Ledger
	applies int
}

func (l *doubling) Apply(root RootID, x uint64, tick uint32) (complete, ok bool) {
	if l.applies++; l.applies%100 == 0 {
		l.Ledger.Apply(root, x, tick)
	}
	return l.Ledger.Apply(root, x, tick)
}

// unaging gives the use of a slot that comes after a failure the generation of the failed one.
type unaging struct{ *Ledger }

func (l *unaging) SettleFailed(root RootID) (Settled, bool) {
	t, ok := l.Ledger.SettleFailed(root)
	if ok {
		l.owned[root.slot()].generation--
	}
	return t, ok
}

// forgiving ends a failed tree for its owner only.
type forgiving struct{ *Ledger }

func (l *forgiving) Fail(root RootID) bool {
	first := l.Ledger.Fail(root)
	if first {
		atomic.StoreUint32(&l.slots[root.slot()].generation, root.generation())
	}
	return first
}

// failingTwice takes the last failure once more.
type failingTwice struct {
	*Ledger
	last RootID
}

func (l *failingTwice) Fail(root RootID) bool {
	again := root == l.last
	l.last = root
	return l.Ledger.Fail(root) || again
}

// completingTwice says that a tree is complete to whom is late for it.
type completingTwice struct{ *Ledger }

func (l *completingTwice) Apply(root RootID, x uint64, tick uint32) (complete, ok bool) {
	complete, ok = l.Ledger.Apply(root, x, tick)
	return complete || !ok, ok
}

// settlingTwice forgets that it has settled the last tree.
type settlingTwice struct {
	*Ledger
	root RootID
	last Settled
}

func (l *settlingTwice) Settle(root RootID) (Settled, bool) {
	t, ok := l.Ledger.Settle(root)
	if ok {
		l.root, l.last = root, t
	}
	return l.last, ok || root == l.root
}

// expiringTwice hands back the last tree again, when nothing else is due.
type expiringTwice struct {
	*Ledger
	last []Settled
}

func (l *expiringTwice) Expire(now, age uint32, expired []Settled) []Settled {
	expired = l.Ledger.Expire(now, age, expired)
	if len(expired) == 0 {
		return append(expired, l.last...)
	}
	l.last = append(l.last[:0], expired[0])
	return expired
}

type unexpiring struct{ *Ledger }

func (l *unexpiring) Expire(_, _ uint32, expired []Settled) []Settled { return expired }

// touching lets the late touch the slot's next tree, and says that it has not.
type touching struct{ *Ledger }

func (l *touching) Touch(root RootID, tick uint32) bool {
	ok := l.Ledger.Touch(root, tick)
	if now := atomic.LoadUint32(&l.slots[root.slot()].generation); !ok {
		l.Ledger.Touch(makeRoot(root.Task(), root.slot(), now), tick)
	}
	return ok
}

// mixing keeps one id for two slots.
type mixing struct {
	*Ledger
	ids [4]any
}

func (l *mixing) Open(id any, opened int64, tick uint32) RootID {
	root := l.Ledger.Open(id, opened, tick)
	l.ids[root.slot()/2] = id
	return root
}

func (l *mixing) Settle(root RootID) (Settled, bool) {
	t, ok := l.Ledger.Settle(root)
	t.ID = l.ids[root.slot()/2]
	return t, ok
}

type miscounting struct{ *Ledger }

func (l *miscounting) Settle(root RootID) (Settled, bool) {
	t, ok := l.Ledger.Settle(root)
	if !ok {
		l.open--
	}
	return t, ok
}
