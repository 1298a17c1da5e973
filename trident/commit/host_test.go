package commit

import (
	"slices"
	"time"
)

// subject is what drives a host: a machine, or one that is broken.
type subject interface {
	Step(now time.Duration, wall int64, e Event) []Action
	WakeAt() (time.Duration, bool)
}

// host is a coordinator's task.
type host struct {
	w       *world
	id      int
	machine subject
	tasks   *tasks
	dead    bool
	ended   bool
	trees   map[batchID]*tree
	tickAt  time.Duration
	busy    int // batches and fences it has asked for
}

// tree is a batch's tuple tree.
type tree struct {
	acked []bool // by state partition
	over  bool
}

func newHost(w *world, t *tasks) *host {
	m, err := New(w.opt)
	if err != nil {
		w.wrong("New: %v", err)
	}
	h := &host{w: w, id: len(w.hosts) + 1, machine: m, tasks: t, trees: map[batchID]*tree{}}
	if w.broken.wrap != nil {
		h.machine = w.broken.wrap(m)
	}
	t.host, w.hosts = h, append(w.hosts, h)
	return h
}

func (h *host) step(e Event) {
	if h.dead {
		return
	}
	for _, a := range slices.Clone(h.machine.Step(h.w.now, h.w.wall(), e)) {
		h.do(a)
	}
	if !h.dead {
		h.arm()
	}
}

func (h *host) arm() {
	at, ok := h.machine.WakeAt()
	if !ok || at == h.tickAt {
		return
	}
	if at <= h.w.now {
		h.w.wrong("WakeAt is %v, which has come", at)
	}
	h.tickAt = at
	h.w.after(at-h.w.now, func() {
		if h.tickAt == at {
			h.tickAt = 0
			h.step(Tick{})
		}
	})
}

func (h *host) do(a Action) {
	switch a := a.(type) {
	case DoFence:
		h.busy++
		h.w.later(func() { h.fence(a.After) })
	case Emit:
		h.busy++
		h.emit(a.Batch)
	case Append:
		h.append(a.Record)
	case Announce:
		h.announce(a)
	case Ended:
		h.ended = true
	case DoCheck:
		h.w.later(func() {
			if h.w.log.fencedOut(a.After, h.id) {
				h.w.later(func() { h.step(FencedOut{a.After}) })
			}
		})
	case Deposed:
		h.w.tally.deposed++
	case Halt:
		h.halt(a.Reason)
	}
}

func (h *host) fence(after Attempt) {
	if h.dead {
		return
	}
	if after > 0 && h.w.log.fencedOut(after, h.id) {
		h.step(FencedOut{after})
		return
	}
	h.w.later(func() {
		if h.w.chance(20) { // before it comes to the log
			h.step(FenceFailed{})
			return
		}
		attempt := h.w.log.fence(h.id)
		h.w.later(func() { h.fenced(attempt) })
	})
}

func (h *host) fenced(attempt Attempt) {
	if h.w.chance(20) {
		h.step(FenceFailed{})
		return
	}
	e := Fenced{Attempt: attempt, Last: h.w.log.last, Sequence: h.w.log.lastAt}
	h.w.later(func() { h.step(e) })
}

func (h *host) emit(b Batch) {
	id := batchID{b.TxID, b.Attempt}
	h.trees[id] = &tree{acked: make([]bool, h.w.partitions)}
	for _, s := range h.tasks.sources {
		h.w.packet(func() { s.packet(h, b) })
	}
	h.w.after(300*time.Millisecond, func() { h.fail(id) })
}

func (h *host) fail(id batchID) {
	if t := h.trees[id]; !t.over {
		t.over = true
		h.step(Failed{TxID: id.txid, Attempt: id.attempt})
	}
}

// nack fails a tree from afar.
func (h *host) nack(id batchID) { h.w.packet(func() { h.fail(id) }) }

// ack is a partition's: it has done all it has to do for the batch.
func (h *host) ack(id batchID, partition int) {
	h.w.packet(func() {
		t := h.trees[id]
		t.acked[partition] = true
		if !t.over && !slices.Contains(t.acked, false) {
			t.over = true
			h.step(Prepared{TxID: id.txid, Attempt: id.attempt})
		}
	})
}

// append brings a record to the log: perhaps never, perhaps later than the host has given up waiting.
func (h *host) append(r Record) {
	if h.w.chance(12) {
		h.w.tally.unknown++
		if h.w.chance(2) {
			h.w.later(func() { h.land(r) })
		}
		h.w.later(func() { h.step(Appended{TxID: r.TxID, Attempt: r.Attempt, Outcome: Unknown}) })
		return
	}
	h.w.later(func() {
		e := Appended{TxID: r.TxID, Attempt: r.Attempt, Outcome: Refused}
		if sequence, ok := h.w.log.commit(r); ok {
			e.Outcome, e.Sequence = Done, sequence
		}
		h.w.later(func() { h.step(e) })
	})
}

func (h *host) land(r Record) {
	if _, ok := h.w.log.commit(r); ok {
		h.w.tally.landed++
	}
}

// announce tells all partitions. Some don't hear it also when faults have ceased: nothing else would bring it to them then.
func (h *host) announce(a Announce) {
	heard, over := 0, false
	for _, p := range h.tasks.partitions {
		if h.w.below(100) == 0 {
			continue
		}
		h.w.mail(func() {
			if !p.announced(a.TxID, a.Attempt) {
				return
			}
			// A tree counts each of its tuples once, so mail that comes twice must not count twice.
			h.w.later(func() {
				if heard |= 1 << p.index; heard == 1<<h.w.partitions-1 && !over {
					over = true
					h.step(Heard{TxID: a.TxID})
				}
			})
		})
	}
	h.w.after(300*time.Millisecond, func() {
		if !over {
			over = true
			h.step(Unheard{TxID: a.TxID})
		}
	})
}

// halt ends the coordinator: this log loses nothing.
func (h *host) halt(reason string) {
	h.dead = true
	h.w.wrong("coordinator %d: %s", h.id, reason)
}

// restart has another coordinator in the place of this one.
func (h *host) restart() {
	h.w.later(func() {
		if h == h.w.current {
			h.w.current = newHost(h.w, h.tasks)
			h.w.current.step(Start{})
		}
	})
}
