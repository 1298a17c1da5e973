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
			for _, e := range []Event{Start{}, Tick{}, Fenced{Attempt: 20, Last: c.last}, FencedOut{7}, Stop{}} {
				s.expect(nil, e)
			}
			s.sleeps()
		})
	}
}

// A coordinator that was replaced leaves the other one time, and then takes over: the other one may have been the one that was wrong.
func TestDeposed(t *testing.T) {
	s := begun(t, Options{Sources: 1, Pause: time.Second})
	s.expect(nil, FencedOut{6})
	s.expect([]Action{DoFence{After: 7}}, Failed{TxID: 1, Attempt: 7})
	s.expect([]Action{Deposed{Pause: time.Second}}, FencedOut{7})
	s.pass(time.Second / 2)
	for _, e := range []Event{FencedOut{7}, Fenced{Attempt: 8}, Prepared{TxID: 1, Attempt: 7}, Tick{}} {
		s.expect(nil, e)
	}
	require.Equal(t, []Action{DoFence{}}, s.wake(time.Second/2))
	s.expect(nil, FencedOut{7})
	s.expect(nil, FenceFailed{})
	require.Equal(t, []Action{DoFence{}}, s.wake(20*ms))
	requireEmits(t, 1, s.step(Fenced{Attempt: 12}))
	s.expect(nil, Failed{TxID: 1, Attempt: 12})
	require.Equal(t, []Action{DoFence{After: 12}}, s.wake(40*ms))
}

// An idle coordinator looks whether there is another one. One that has batches in flight learns it by their refusal.
func TestCheck(t *testing.T) {
	s := begun(t, Options{Sources: 1, Check: time.Second})
	s.sleeps()
	s.commit(1)
	for range 2 {
		require.Equal(t, []Action{DoCheck{After: 7}}, s.wake(time.Second))
	}
	s.expect([]Action{Deposed{Pause: 5 * time.Second}}, FencedOut{7})
	require.Equal(t, []Action{DoFence{}}, s.wake(5*time.Second))
}

// A commit of an attempt after our fence is another coordinator's: what we would emit would be refused.
func TestCommitOfALaterAttempt(t *testing.T) {
	s := newScript(t, one())
	s.expect([]Action{DoFence{After: 7}}, Fenced{Attempt: 7, Last: Record{TxID: 1, Attempt: 8}})
	s.expect(nil, Fenced{Attempt: 9, Last: Record{TxID: 2, Attempt: 10}})
	require.Equal(t, []Action{DoFence{After: 9}}, s.wake(10*ms))
}
