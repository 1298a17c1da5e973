package commit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script drives one machine by hand. Its wall clock goes with its time unless it is set.
type script struct {
	t    *testing.T
	m    *Machine
	now  time.Duration
	wall int64
}

// newScript returns a machine that has said DoFence.
func newScript(t *testing.T, o Options) *script {
	m, err := New(o)
	require.NoError(t, err)
	s := &script{t: t, m: m, wall: 1000}
	require.Equal(t, []Action{DoFence{}}, s.step(Start{}))
	return s
}

// begun returns a machine whose first batch, txid 1 of attempt 7, is emitted.
func begun(t *testing.T, o Options) *script {
	s := newScript(t, o)
	s.expect([]Action{Emit{Batch{TxID: 1, Attempt: 7, From: 1, Positions: map[string][]byte{}, Time: 1000}}}, Fenced{Attempt: 7})
	return s
}

func (s *script) step(e Event) []Action { return s.m.Step(s.now, s.wall, e) }

// expect requires that an event brings about exactly these actions.
func (s *script) expect(want []Action, e Event) {
	s.t.Helper()
	got := s.step(e)
	if len(want) == 0 {
		require.Empty(s.t, got, "%#v", e)
		return
	}
	require.Equal(s.t, want, got, "%#v", e)
}

func (s *script) pass(d time.Duration) {
	s.now += d
	s.wall += d.Milliseconds()
}

// wake requires that the machine wants a tick after a time, lets that pass, and returns what the tick brings about.
func (s *script) wake(after time.Duration) []Action {
	s.t.Helper()
	at, ok := s.m.WakeAt()
	require.True(s.t, ok, "no tick is wanted")
	require.Equal(s.t, after, at-s.now)
	s.pass(after - time.Nanosecond)
	s.expect(nil, Tick{})
	s.pass(time.Nanosecond)
	s.wall = 1000 + s.now.Milliseconds()
	return s.step(Tick{})
}

// sleeps requires that the machine waits for events only.
func (s *script) sleeps() {
	s.t.Helper()
	at, ok := s.m.WakeAt()
	require.False(s.t, ok, "a tick is wanted at %v", at)
}

// empty is the report of a source that had nothing.
func empty(txid TxID, source int) Report { return Report{TxID: txid, Attempt: 7, Source: source} }

// full is the report of a source that has read a record, and has more.
func full(txid TxID, position string) Report {
	return Report{TxID: txid, Attempt: 7, Positions: map[string][]byte{"p": []byte(position)}, Records: 1, More: true}
}

func prepared(txid TxID) Prepared { return Prepared{TxID: txid, Attempt: 7} }

func done(txid TxID) Appended {
	return Appended{TxID: txid, Attempt: 7, Sequence: 100 + uint64(txid), Outcome: Done}
}

// commit has a batch, of which nothing is prepared yet, prepared and committed.
func (s *script) commit(txid TxID) {
	s.t.Helper()
	for i := range s.m.sources {
		s.step(empty(txid, i))
	}
	s.step(prepared(txid))
	s.expect([]Action{Announce{TxID: txid, Attempt: s.m.attempt, Sequence: 100 + uint64(txid)}}, done(txid))
}
