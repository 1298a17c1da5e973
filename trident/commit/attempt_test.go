package commit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What an append did is found out by the next fence: it may have landed.
func TestUnknownAppend(t *testing.T) {
	for name, landed := range map[string]bool{"landed": true, "lost": false} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, one())
			s.step(full(1, "1"))
			r := s.step(prepared(1))[0].(Append).Record
			s.expect([]Action{DoFence{After: 7}}, Appended{TxID: 1, Attempt: 7, Outcome: Unknown})
			s.expect(nil, done(1))
			if landed {
				s.expect([]Action{
					Announce{TxID: 1, Attempt: 7, Sequence: 8},
					Emit{Batch{TxID: 2, Attempt: 9, From: 2, LastAttempt: 7, LastSequence: 8, Positions: r.Positions, Time: 1000}},
				}, Fenced{Attempt: 9, Last: r, Sequence: 8})
			} else {
				s.expect([]Action{Emit{Batch{TxID: 1, Attempt: 9, From: 1, Positions: map[string][]byte{}, Time: 1000}}}, Fenced{Attempt: 9})
			}
		})
	}
}

func TestFailureVoidsAllThatIsInFlight(t *testing.T) {
	for name, e := range map[string]Event{
		"a tree": Failed{TxID: 2, Attempt: 7}, "the attempt": Failed{Attempt: 7}, "a refusal": Appended{TxID: 1, Attempt: 7, Outcome: Refused},
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, one())
			s.step(full(1, "1"))
			s.step(prepared(1))
			s.expect([]Action{DoFence{After: 7}}, e)
			require.Zero(t, s.m.InFlight())
			for _, e := range []Event{e, prepared(2), full(2, "2"), done(1), Ready{}, Tick{}} {
				s.expect(nil, e)
			}
			s.sleeps()
		})
	}
}

// The first failure is followed by a fence at once, further ones without a commit in between after 10 ms, doubling to 1 s.
func TestBackoff(t *testing.T) {
	s := begun(t, one())
	s.expect([]Action{DoFence{After: 7}}, Failed{TxID: 1, Attempt: 7})
	for _, d := range []time.Duration{10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, time.Second, time.Second} {
		s.expect(nil, FenceFailed{})
		require.Equal(t, []Action{DoFence{After: 7}}, s.wake(d))
	}
	for range 100 {
		s.expect(nil, FenceFailed{})
		require.Equal(t, []Action{DoFence{After: 7}}, s.wake(time.Second))
	}
	require.Len(t, s.step(Fenced{Attempt: 9}), 1)
	s.expect(nil, Failed{TxID: 1, Attempt: 9})
	require.Equal(t, []Action{DoFence{After: 9}}, s.wake(time.Second))
	s.step(Fenced{Attempt: 10})
	s.step(Report{TxID: 1, Attempt: 10})
	s.step(Prepared{TxID: 1, Attempt: 10})
	s.step(Appended{TxID: 1, Attempt: 10, Outcome: Done})
	s.pass(time.Second)
	s.step(Ready{})
	s.expect([]Action{DoFence{After: 10}}, Failed{TxID: 2, Attempt: 10})
}

// Nothing is made of the events of a host whose coordinator has halted.
func TestHalt(t *testing.T) {
	committed := Record{TxID: 5, Attempt: 3}
	for name, c := range map[string]struct {
		last Record
		e    Event
		says string
	}{
		"another coordinator":    {committed, FencedOut{}, takenOver},
		"the fences begin anew":  {committed, Fenced{Attempt: 7, Last: committed}, "fence 7 came after fence 7"},
		"a commit is lost":       {committed, Fenced{Attempt: 8, Last: Record{TxID: 4, Attempt: 3}}, "the last is txid 4 of attempt 3, it was txid 5 of attempt 3"},
		"a commit is another":    {committed, Fenced{Attempt: 8, Last: Record{TxID: 5, Attempt: 4}}, "lost commits"},
		"all commits are lost":   {committed, Fenced{Attempt: 8}, "lost commits"},
		"a commit out of no-one": {Record{}, Fenced{Attempt: 8, Last: Record{Attempt: 1}}, "lost commits"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, one())
			s.step(Fenced{Attempt: 7, Last: c.last})
			s.expect([]Action{DoFence{After: 7}}, Failed{Attempt: 7})
			actions := s.step(c.e)
			require.Len(t, actions, 1)
			require.Contains(t, actions[0].(Halt).Reason, c.says)
			for _, e := range []Event{Start{}, Tick{}, Fenced{Attempt: 20, Last: c.last}, FencedOut{}, Stop{}} {
				s.expect(nil, e)
			}
			s.sleeps()
		})
	}
}

// A commit of an attempt after our fence is another coordinator's: what we would emit would be refused.
func TestCommitOfALaterAttempt(t *testing.T) {
	s := newScript(t, one())
	s.expect([]Action{DoFence{After: 7}}, Fenced{Attempt: 7, Last: Record{TxID: 1, Attempt: 8}})
	s.expect(nil, Fenced{Attempt: 9, Last: Record{TxID: 2, Attempt: 10}})
	require.Equal(t, []Action{DoFence{After: 9}}, s.wake(10*ms))
}
