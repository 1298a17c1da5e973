package commit

import (
	"slices"
	"time"
)

// Step passes the event on unless it was swallowed. Actions are copied, since a further Step may follow.
func (a *altered) Step(now time.Duration, wall int64, e Event) []Action {
	if a.before != nil {
		e = a.before(e)
	}
	if e == nil {
		e = Tick{}
	}
	actions := slices.Clone(a.Machine.Step(now, wall, e))
	if a.after != nil {
		actions = a.after(actions)
	}
	return actions
}

// fenceless begins anew after a failure in the same attempt.
func fenceless(m *Machine) subject {
	a := &altered{Machine: m}
	a.after = func(actions []Action) []Action {
		i := slices.IndexFunc(actions, func(x Action) bool { f, ok := x.(DoFence); return ok && f.After > 0 })
		if i < 0 {
			return actions
		}
		same := m.attempt
		m.attempt--
		again := m.Step(m.now, m.wall, Fenced{Attempt: same, Last: m.last, Sequence: m.sequence})
		return append(slices.Delete(actions, i, i+1), again...)
	}
	return a
}

// reportless commits a batch when its tree is complete.
func reportless(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event {
		if p, ok := e.(Prepared); ok {
			if f := m.find(p.TxID, p.Attempt); f != nil {
				f.missing = 0
			}
		}
		return e
	}}
}

// impatient takes a batch that is prepared as a sign that those before it are.
func impatient(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event {
		if p, ok := e.(Prepared); ok {
			for txid := m.last.TxID + 1; txid < p.TxID && m.find(p.TxID, p.Attempt) != nil; txid++ {
				m.find(txid, p.Attempt).complete = true
			}
		}
		return e
	}}
}

func preparedByAnyone(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event {
		if p, ok := e.(Prepared); ok {
			return Prepared{TxID: p.TxID, Attempt: m.attempt}
		}
		return e
	}}
}

func reportedByAnyone(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event {
		if r, ok := e.(Report); ok {
			r.Attempt = m.attempt
			return r
		}
		return e
	}}
}

// onUnknown replaces the event that says that an append's outcome is unknown.
func onUnknown(m *Machine, replace func(Appended) Event) *altered {
	return &altered{Machine: m, before: func(e Event) Event {
		if a, ok := e.(Appended); ok && a.Outcome == Unknown && m.appending != nil && a.Attempt == m.attempt {
			return replace(a)
		}
		return e
	}}
}

// retrying appends again what may be in the log.
func retrying(m *Machine) subject {
	var again []Action
	a := onUnknown(m, func(Appended) Event { again = []Action{Append{Record: *m.appending}}; return nil })
	a.after = func(actions []Action) []Action {
		actions, again = append(actions, again...), nil
		return actions
	}
	return a
}

func optimistic(m *Machine) subject {
	return onUnknown(m, func(a Appended) Event { a.Outcome = Done; return a })
}

// pessimistic goes on from the last commit that it has made itself, whatever the log says.
func pessimistic(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event {
		if f, ok := e.(Fenced); ok && m.attempt > 0 {
			f.Last, f.Sequence = m.last, m.sequence
			return f
		}
		return e
	}}
}

// hasty does not wait for the answer to an append.
func hasty(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event {
		if _, ok := e.(Appended); !ok {
			m.appending = nil
		}
		return e
	}}
}

// indiscreet announces what it has not committed yet.
func indiscreet(m *Machine) subject {
	return &altered{Machine: m, after: func(actions []Action) []Action {
		for _, x := range actions {
			if a, ok := x.(Append); ok {
				actions = append(actions, Announce{TxID: a.Record.TxID, Attempt: a.Record.Attempt})
			}
		}
		return actions
	}}
}

// backward commits a batch with the positions from which it was read.
func backward(m *Machine) subject {
	return &altered{Machine: m, after: func(actions []Action) []Action {
		for i, x := range actions {
			if a, ok := x.(Append); ok {
				a.Record.Positions = m.last.Positions
				actions[i] = a
			}
		}
		return actions
	}}
}

// positionless emits no positions in its later attempts.
func positionless(m *Machine) subject {
	fenced := 0
	return &altered{Machine: m, after: func(actions []Action) []Action {
		for i, x := range actions {
			e, ok := x.(Emit)
			if ok && e.Batch.Positions != nil {
				fenced++
			}
			if ok && fenced > 1 {
				e.Batch.Positions = nil
				actions[i] = e
			}
		}
		return actions
	}}
}

func patient(m *Machine) subject {
	m.opt.ReportTimeout = 24 * time.Hour
	return m
}

// resigned gives up for good when another coordinator has taken over.
func resigned(m *Machine) subject {
	m.opt.Pause = 24 * time.Hour
	return m
}

// blind doesn't look for other coordinators while it has nothing to do.
func blind(m *Machine) subject {
	m.opt.Check = 0
	return m
}

func ahistoric(m *Machine) subject {
	return &altered{Machine: m, before: func(e Event) Event { m.time = 0; return e }}
}

// deafTo swallows some events.
func deafTo(what func(Event) bool) func(*Machine) subject {
	return func(m *Machine) subject {
		return &altered{Machine: m, before: func(e Event) Event {
			if what(e) {
				return nil
			}
			return e
		}}
	}
}

func isRefusal(e Event) bool {
	a, ok := e.(Appended)
	return ok && a.Outcome == Refused
}

func isFailure(e Event) bool { _, ok := e.(Failed); return ok }

func isUnheard(e Event) bool { _, ok := e.(Unheard); return ok }
