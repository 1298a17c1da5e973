package commit

import "time"

// ahead is how many batches may wait to be read while sources have more than a batch takes: one is read while the next is on its way.
const ahead = 2

// due reports whether a batch begins now.
func (m *Machine) due() bool {
	if m.phase != running || m.stopping || len(m.flight) >= m.opt.Depth {
		return false
	}
	unread := m.unread()
	switch {
	case m.opening:
		return true
	case m.more():
		return unread < ahead
	default:
		return unread == 0 && m.wanted() && m.now >= m.emittedAt+m.interval()
	}
}

// unread counts the batches that some source has not reported of.
func (m *Machine) unread() (n int) {
	for _, f := range m.flight {
		if f.missing > 0 {
			n++
		}
	}
	return n
}

func (m *Machine) more() bool {
	for _, s := range m.sources {
		if s.more {
			return true
		}
	}
	return false
}

// wanted reports whether someone waits for a batch.
func (m *Machine) wanted() bool {
	if at := m.earliest(); at > 0 && at <= max(m.wall, m.time) {
		return true
	}
	for _, s := range m.sources {
		if s.ready {
			return true
		}
	}
	return false
}

// interval lies between two batches that take all there is.
func (m *Machine) interval() time.Duration {
	return min(max(m.opt.Interval, m.round/moment(m.opt.Depth)), m.opt.MaxInterval)
}

func (m *Machine) measure(round moment) { m.round += (round - m.round) / 8 }

func (m *Machine) emit() {
	m.time = max(m.time, m.wall)
	b := Batch{
		TxID: m.last.TxID + TxID(len(m.flight)) + 1, Attempt: m.attempt, From: m.last.TxID + 1,
		LastAttempt: m.last.Attempt, LastSequence: m.sequence, Time: m.time,
	}
	if m.opening {
		if b.Positions = m.last.Positions; b.Positions == nil {
			b.Positions = map[string][]byte{}
		}
	}
	m.flight = append(m.flight, &flight{txid: b.TxID, time: b.Time, reports: make([]report, len(m.sources)), missing: len(m.sources), emittedAt: m.now})
	m.opening, m.emittedAt = false, m.now
	m.serve()
	m.do(Emit{Batch: b})
}

// serve notes what the batch that begins does for those who wait for one. A Ready that comes from here on may be of
// records that this batch finds, or that it just misses: it counts for the next.
func (m *Machine) serve() {
	for i := range m.sources {
		m.sources[i].ready = false // its wake is what its report will say
	}
	for stage, at := range m.wakes {
		if at <= m.time {
			delete(m.wakes, stage)
		}
	}
}

func (e Ready) apply(m *Machine) {
	if e.Source >= 0 && e.Source < len(m.sources) {
		m.sources[e.Source].ready = true
	}
}

func (e Wake) apply(m *Machine) {
	if e.At > 0 {
		m.wakes[e.Stage] = e.At
	} else {
		delete(m.wakes, e.Stage)
	}
}

// earliest returns the earliest wake, 0 for none.
func (m *Machine) earliest() (at int64) {
	for _, t := range m.wakes {
		at = earlier(at, t)
	}
	for _, s := range m.sources {
		at = earlier(at, s.wakeAt)
	}
	return at
}

func earlier(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}
