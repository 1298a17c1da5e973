package jetstream

import (
	"sync"
	"time"
)

// record is a message from its delivery until the server need not hear of it any more. Its address is the
// message id of its tuple.
type record struct {
	feed    *feed
	id      identity
	subject string
	data    []byte

	// Guarded by hold.mu:
	answer answer
	told   time.Time // when the server was last told that it is held; zero: tell it now
	acked  time.Time // when its tree was complete, if it is and the server may not know yet; else zero
}

// identity tells messages apart. The time is part of it because a stream that is made anew counts from 1 again.
type identity struct {
	sequence uint64
	at       int64 // nanoseconds since 1970
}

// answer is where the server hears of a message. Each delivery has its own.
type answer struct {
	reply     string
	delivered uint64 // how often, from 1
}

// hold has the records of a task. Its methods may be called from any goroutine; none does I/O.
//
// Invariant: records that are ready are among all.
type hold struct {
	mu struct {
		sync.Mutex
		all   map[identity]*record
		ready []*record // to be emitted
	}
}

func newHold() *hold {
	h := &hold{}
	h.mu.all = map[identity]*record{}
	return h
}

// add takes a new record; it reports whether it is the only one that is ready.
func (h *hold) add(r *record) (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.all[r.id] = r
	h.mu.ready = append(h.mu.ready, r)
	return len(h.mu.ready) == 1
}

// again takes the newer answer of a message that was delivered once more though it is held: the server was away, or
// waited in vain. It reports false when it isn't held.
func (h *hold) again(id identity, a answer) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.mu.all[id]
	if r == nil {
		return false
	}
	r.answer, r.told = a, time.Time{}
	return true
}

// next removes the record to emit next from those that are ready, nil when there is none, and says how many are left.
func (h *hold) next() (r *record, left int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.mu.ready) == 0 {
		return nil, 0
	}
	r = h.mu.ready[0]
	h.mu.ready[0] = nil
	h.mu.ready = h.mu.ready[1:]
	return r, len(h.mu.ready)
}

// waiting is how many are ready.
func (h *hold) waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.mu.ready)
}

// empty reports whether none is held.
func (h *hold) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.mu.all) == 0
}

// remove forgets the record and returns where the server hears of it.
func (h *hold) remove(r *record) answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.mu.all, r.id)
	return r.answer
}

// keep holds a record whose tree is complete until the server is known to know.
func (h *hold) keep(r *record, now time.Time) answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.acked, r.told = now, now
	h.mu.all[r.id] = r
	return r.answer
}

// forget removes the record of the identity.
func (h *hold) forget(id identity) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.mu.all, id)
}

// takeReady forgets the records that are ready, and returns their answers.
func (h *hold) takeReady() (answers []answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.mu.ready {
		answers = append(answers, r.answer)
		delete(h.mu.all, r.id)
	}
	h.mu.ready = nil
	return answers
}

// due is a record of which the server is to be told, as it was when it was found.
type due struct {
	record *record
	answer answer
	acked  time.Time
}

// silent returns the records of which the server was told nothing since the given time. They count as told now.
func (h *hold) silent(since, now time.Time) (silent []due) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.mu.all {
		if r.told.Before(since) {
			r.told = now
			silent = append(silent, due{r, r.answer, r.acked})
		}
	}
	return silent
}

// untold has the next silent return all.
func (h *hold) untold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.mu.all {
		r.told = time.Time{}
	}
}
