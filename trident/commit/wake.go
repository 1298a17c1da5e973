package commit

import "time"

// clockStep bounds how long a wake sleeps at a time, so that a wall clock that was set ahead is noticed.
const clockStep = time.Minute

// WakeAt returns when the machine wants a Tick, after the time of the last Step; ok is false when it wants none.
func (m *Machine) WakeAt() (at time.Duration, ok bool) {
	var a alarm
	if m.phase == halted {
		return 0, false
	}
	a.set(m.phase == waiting && !m.stopping && m.fencing.due, m.fencing.at)
	a.set(m.telling.due, m.telling.at)
	a.set(m.checks(), m.checkAt)
	for _, f := range m.flight {
		a.set(f.waits(), f.overdue(m.opt.ReportTimeout))
	}
	m.setPace(&a)
	return a.at, a.on
}

// setPace sets the alarm for the next batch, unless that waits for an event.
func (m *Machine) setPace(a *alarm) {
	if m.phase != running || m.stopping || len(m.flight) >= m.opt.Depth || m.unread() > 0 {
		return
	}
	next := m.emittedAt + m.interval()
	if m.wanted() {
		a.set(true, next)
		return
	}
	at := m.earliest()
	wait := min(at-m.wall, clockStep.Milliseconds())
	a.set(at > 0, max(next, m.now+time.Duration(wait)*time.Millisecond))
}

// alarm is the earliest of several times.
type alarm struct {
	at moment
	on bool
}

func (a *alarm) set(when bool, at moment) {
	if when && (!a.on || at < a.at) {
		a.at, a.on = at, true
	}
}
