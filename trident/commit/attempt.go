package commit

import (
	"fmt"
	"time"
)

// word is something that has to be said until it succeeds, at growing distances.
type word struct {
	pending bool   // it has not succeeded
	due     bool   // it is to be said, at at
	at      moment // when
	misses  int    // in a row
}

// again has the word said: at once after the first miss, and then after 10 ms, doubling to 1 s.
func (w *word) again(now moment) {
	w.pending, w.due, w.at = true, true, now
	if w.misses > 0 {
		w.at += min(10*time.Millisecond<<min(w.misses-1, 10), time.Second)
	}
	w.misses++
}

// take reports whether the word is to be said now, and notes that it is.
func (w *word) take(now moment) bool {
	if !w.due || now < w.at {
		return false
	}
	w.due = false
	return true
}

// fail ends the attempt. What is in flight is void from here on: an append under way may land, which the next fence tells.
func (m *Machine) fail() {
	m.phase, m.flight, m.appending = waiting, nil, nil
	m.fencing.again(m.now)
}

func (m *Machine) maybeFence() {
	if m.phase == waiting && !m.stopping && (m.fencing.take(m.now) || !m.fencing.pending) {
		m.phase, m.fencing.pending = fencing, true
		m.do(DoFence{After: m.replaces()})
	}
}

// replaces returns the attempt that the next one must follow, with no other coordinator's in between: 0 means that it may be any one's.
func (m *Machine) replaces() Attempt {
	if m.deposed {
		return 0
	}
	return m.attempt
}

// apply steps back. Neither the log nor the machine knows which of the two coordinators is the topology's, but the cluster ends the process of the other:
// so none gives up for good, and each leaves the other time.
func (e FencedOut) apply(m *Machine) {
	if m.deposed || e.Attempt != m.attempt || m.phase != fencing && m.phase != running {
		return
	}
	m.fail()
	m.deposed, m.fencing.at = true, m.now+m.opt.Pause
	m.do(Deposed{Pause: m.opt.Pause})
}

// maybeCheck looks for another coordinator's fence while nothing is in flight, which the log would refuse: what the other has committed may have been all.
func (m *Machine) maybeCheck() {
	if m.checks() && m.now >= m.checkAt {
		m.checkAt = m.now + m.opt.Check
		m.do(DoCheck{After: m.attempt})
	}
}

func (m *Machine) checks() bool {
	return m.opt.Check > 0 && m.phase == running && !m.stopping && len(m.flight) == 0
}

func (FenceFailed) apply(m *Machine) {
	if m.phase == fencing {
		m.fail()
	}
}

// apply begins the attempt, unless the log contradicts what is known of it.
func (e Fenced) apply(m *Machine) {
	if m.phase != fencing {
		return
	}
	if e.Attempt <= m.attempt {
		m.halt(fmt.Sprintf("the log has begun anew: fence %d came after fence %d", e.Attempt, m.attempt))
		return
	}
	if e.Last.TxID < m.last.TxID || e.Last.TxID == m.last.TxID && e.Last.Attempt != m.last.Attempt {
		m.halt(fmt.Sprintf("the log has lost commits: the last is txid %d of attempt %d, it was txid %d of attempt %d",
			e.Last.TxID, e.Last.Attempt, m.last.TxID, m.last.Attempt))
		return
	}
	m.attempt = e.Attempt
	if e.Last.Attempt > e.Attempt { // committed by another coordinator, between our fence and our reading
		m.fail()
		return
	}
	m.begin(e)
}

func (m *Machine) begin(e Fenced) {
	m.phase, m.opening, m.fencing.pending, m.deposed, m.checkAt = running, true, false, false, m.now+m.opt.Check
	m.time = max(m.time, e.Last.Time)
	clear(m.sources) // they report of the first batch what is true by then
	m.committed(e.Last, e.Sequence)
}

// committed notes what is committed, and announces it.
func (m *Machine) committed(r Record, sequence uint64) {
	if r.TxID > m.last.TxID {
		m.fencing.misses = 0
	}
	if m.last, m.sequence = r, sequence; r.TxID > 0 {
		m.telling = word{}
		m.announce()
	}
}

func (m *Machine) announce() {
	m.telling.pending = m.opt.Confirm
	m.do(Announce{TxID: m.last.TxID, Attempt: m.last.Attempt, Sequence: m.sequence})
}

func (m *Machine) maybeTell() {
	if m.telling.take(m.now) {
		m.announce()
	}
}

func (e Heard) apply(m *Machine) {
	if e.TxID == m.last.TxID {
		m.telling = word{}
	}
}

func (e Unheard) apply(m *Machine) {
	if e.TxID == m.last.TxID && m.telling.pending && !m.telling.due {
		m.telling.again(m.now)
	}
}
