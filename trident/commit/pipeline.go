package commit

import "maps"

// find returns the batch in flight, nil when there is none such: it is committed, or of another attempt.
func (m *Machine) find(txid TxID, attempt Attempt) *flight {
	if attempt != m.attempt || len(m.flight) == 0 {
		return nil
	}
	i := txid - m.flight[0].txid // below the first it wraps around
	if i >= TxID(len(m.flight)) {
		return nil
	}
	return m.flight[i]
}

func (e Report) apply(m *Machine) {
	f := m.find(e.TxID, e.Attempt)
	if f == nil || e.Source < 0 || e.Source >= len(f.reports) || f.reports[e.Source].came {
		return
	}
	f.reports[e.Source] = report{came: true, positions: e.Positions, records: e.Records}
	f.missing--
	if s := &m.sources[e.Source]; e.TxID > s.reported { // mail may overtake mail
		s.reported, s.more, s.ended, s.wakeAt = e.TxID, e.More && !e.Ended, e.Ended, e.WakeAt
	}
}

func (e Prepared) apply(m *Machine) {
	if f := m.find(e.TxID, e.Attempt); f != nil && !f.complete {
		f.complete, f.completeAt = true, m.now
	}
}

func (e Failed) apply(m *Machine) {
	whole := e.TxID == 0 && e.Attempt == m.attempt && m.phase == running
	if whole || m.find(e.TxID, e.Attempt) != nil {
		m.fail()
	}
}

// expire fails the attempt when a batch has waited too long for reports: a mail is lost.
func (m *Machine) expire() {
	for _, f := range m.flight {
		if f.overdue(m.opt.ReportTimeout) <= m.now && f.waits() {
			m.fail()
			return
		}
	}
}

func (f *flight) waits() bool { return f.complete && f.missing > 0 }

func (f *flight) overdue(timeout moment) moment { return f.completeAt + timeout }

// maybeCommit appends one record for all batches that are prepared and have none before them that isn't.
func (m *Machine) maybeCommit() {
	n := 0
	for n < len(m.flight) && m.flight[n].prepared() {
		n++
	}
	if n > 0 && m.appending == nil {
		r := m.record(m.flight[:n])
		m.appending = &r
		m.do(Append{Record: r})
	}
}

func (m *Machine) record(batches []*flight) Record {
	r := Record{Attempt: m.attempt, Records: m.last.Records, Positions: map[string][]byte{}, Meta: m.opt.Meta}
	maps.Copy(r.Positions, m.last.Positions)
	for _, f := range batches {
		r.TxID, r.Time = f.txid, f.time
		for _, p := range f.reports {
			r.Records += p.records
			advance(r.Positions, p.positions)
		}
	}
	return r
}

func advance(positions, by map[string][]byte) {
	for name, p := range by {
		if p != nil {
			positions[name] = p
		}
	}
}

func (e Appended) apply(m *Machine) {
	r := m.appending
	if r == nil || e.TxID != r.TxID || e.Attempt != r.Attempt {
		return
	}
	if e.Outcome != Done {
		m.fail()
		return
	}
	n := int(r.TxID - m.last.TxID)
	m.measure(m.now - m.flight[n-1].emittedAt)
	m.flight, m.appending, m.checkAt = m.flight[n:], nil, m.now+m.opt.Check
	m.committed(*r, e.Sequence)
}
