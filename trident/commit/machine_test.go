package commit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func one() Options { return Options{Sources: 1} }

func TestOptionsAreChecked(t *testing.T) {
	_, err := New(Options{Depth: MaxDepth + 1, Interval: -1, MaxInterval: -2, ReportTimeout: -3, Check: -4, Pause: -5})
	for _, what := range []string{"Sources", "Depth", "Interval", "MaxInterval", "ReportTimeout", "Check", "Pause"} {
		require.ErrorContains(t, err, what)
	}
	require.ErrorContains(t, Options{Sources: 1, Interval: 2, MaxInterval: 1}.Validate(), "MaxInterval")
	require.NoError(t, Options{Sources: 1, Depth: MaxDepth, Interval: time.Second}.Validate())
}

func TestBatchIsCommittedWhenItsTreeIsCompleteAndAllHaveReported(t *testing.T) {
	s := begun(t, Options{Sources: 2, Meta: []byte("m")})
	s.expect(nil, Report{TxID: 1, Attempt: 7, Source: 1, Positions: map[string][]byte{"b": []byte("5"), "c": nil}, Records: 5})
	s.expect(nil, prepared(1))
	want := Record{TxID: 1, Attempt: 7, Time: 1000, Records: 8, Positions: map[string][]byte{"a": []byte("3"), "b": []byte("5")}, Meta: []byte("m")}
	s.expect([]Action{Append{want}}, Report{TxID: 1, Attempt: 7, Source: 0, Positions: map[string][]byte{"a": []byte("3")}, Records: 3})
	require.Equal(t, 1, s.m.InFlight())
	s.expect([]Action{Announce{TxID: 1, Attempt: 7, Sequence: 101}}, done(1))
	require.Equal(t, want, s.m.Committed())
	require.Zero(t, s.m.InFlight())
	s.sleeps()
}

func TestNextRecordNamesAllThatIsPrepared(t *testing.T) {
	s := begun(t, one())
	for txid := TxID(1); txid <= 3; txid++ {
		s.step(full(txid, "at "+string(rune('0'+txid))))
	}
	require.Equal(t, 4, s.m.InFlight())
	s.expect(nil, prepared(2))
	require.IsType(t, Append{}, s.step(prepared(1))[0], "1 and 2")
	s.expect(nil, prepared(3))
	actions := s.step(done(2))
	require.Equal(t, Announce{TxID: 2, Attempt: 7, Sequence: 102}, actions[0])
	require.Equal(t, Append{Record{TxID: 3, Attempt: 7, Time: 1000, Records: 3, Positions: map[string][]byte{"p": []byte("at 3")}}}, actions[1])
	requireEmits(t, 5, actions)
}

// Headers tell what is committed by then, and only the first bears positions.
func TestHeaders(t *testing.T) {
	s := newScript(t, Options{Sources: 1, Depth: 2})
	last := Record{TxID: 9, Attempt: 3, Time: 5000, Records: 4, Positions: map[string][]byte{"p": []byte("x")}}
	s.expect([]Action{
		Announce{TxID: 9, Attempt: 3, Sequence: 33},
		Emit{Batch{TxID: 10, Attempt: 7, From: 10, LastAttempt: 3, LastSequence: 33, Positions: last.Positions, Time: 5000}},
	}, Fenced{Attempt: 7, Last: last, Sequence: 33})
	s.expect([]Action{Emit{Batch{TxID: 11, Attempt: 7, From: 10, LastAttempt: 3, LastSequence: 33, Time: 5000}}}, full(10, "y"))
	s.step(prepared(10))
	s.wall = 6000
	s.expect([]Action{
		Announce{TxID: 10, Attempt: 7, Sequence: 110},
		Emit{Batch{TxID: 12, Attempt: 7, From: 11, LastAttempt: 7, LastSequence: 110, Time: 6000}},
	}, done(10))
}

func TestWhatComesTwiceOrFromElsewhereHasNoEffect(t *testing.T) {
	s := begun(t, one())
	for _, e := range []Event{
		Tick{}, Start{}, FenceFailed{}, Fenced{Attempt: 8}, Prepared{TxID: 1, Attempt: 6}, prepared(0), prepared(2), Failed{TxID: 1, Attempt: 6},
		Failed{TxID: 2, Attempt: 7}, Failed{TxID: 0, Attempt: 6}, done(1), Appended{TxID: 1, Attempt: 7, Outcome: Refused}, empty(1, -1), empty(1, 1), empty(2, 0),
		Report{TxID: 1, Attempt: 6, More: true}, Ready{Source: -1}, Ready{Source: 1}, Heard{TxID: 1}, Unheard{TxID: 0},
	} {
		s.expect(nil, e)
	}
	s.step(empty(1, 0))
	s.expect(nil, full(1, "of another reading"))
	append := Append{Record{TxID: 1, Attempt: 7, Time: 1000, Positions: map[string][]byte{}}}
	s.expect([]Action{append}, prepared(1))
	s.expect(nil, prepared(1))
	s.expect(nil, Appended{TxID: 1, Attempt: 6, Outcome: Done})
	s.expect(nil, done(2))
	s.step(done(1))
	s.expect(nil, done(1))
	s.expect(nil, Failed{TxID: 1, Attempt: 7})
	s.pass(time.Hour)
	s.expect(nil, Tick{})
}

func TestMissingReportFailsTheBatch(t *testing.T) {
	s := begun(t, Options{Sources: 2, ReportTimeout: time.Second})
	s.expect(nil, empty(1, 0))
	s.sleeps()
	s.pass(time.Minute) // the tree's own timeout is the host's
	s.expect(nil, prepared(1))
	s.pass(time.Second / 4)
	s.expect(nil, prepared(1))
	require.Equal(t, []Action{DoFence{After: 7}}, s.wake(time.Second*3/4))
}

func TestFirstMissingReportOfSeveral(t *testing.T) {
	s := begun(t, Options{Sources: 2, ReportTimeout: time.Second})
	requireEmits(t, 2, s.step(Report{TxID: 1, Attempt: 7, More: true}))
	s.expect(nil, prepared(2))
	s.pass(time.Second / 4)
	s.expect(nil, prepared(1))
	require.Equal(t, []Action{DoFence{After: 7}}, s.wake(time.Second*3/4))
}

func TestEndedIsSaidOnceWhenAllIsCommitted(t *testing.T) {
	s := begun(t, Options{Sources: 2})
	s.step(Report{TxID: 1, Attempt: 7, Source: 0, Ended: true})
	s.step(Report{TxID: 1, Attempt: 7, Source: 1, Ended: true})
	s.step(prepared(1))
	s.expect([]Action{Announce{TxID: 1, Attempt: 7, Sequence: 101}, Ended{}}, done(1))
	s.pass(time.Second)
	require.IsType(t, Emit{}, s.step(Ready{Source: 1})[0], "one source has begun anew")
	s.expect([]Action{DoFence{After: 7}}, Failed{TxID: 2, Attempt: 7})
	require.Len(t, s.step(Fenced{Attempt: 9, Last: s.m.Committed(), Sequence: 101}), 2)
	for i := range 2 {
		s.step(Report{TxID: 2, Attempt: 9, Source: i, Ended: true})
	}
	s.step(Prepared{TxID: 2, Attempt: 9})
	s.expect([]Action{Announce{TxID: 2, Attempt: 9, Sequence: 11}}, Appended{TxID: 2, Attempt: 9, Sequence: 11, Outcome: Done})
}

func TestEndedWaitsForWakes(t *testing.T) {
	s := begun(t, one())
	s.step(Wake{Stage: 3, At: 5000})
	s.step(Report{TxID: 1, Attempt: 7, Ended: true})
	s.step(prepared(1))
	s.expect([]Action{Announce{TxID: 1, Attempt: 7, Sequence: 101}}, done(1))
	s.expect([]Action{Ended{}}, Wake{Stage: 3})
}

func TestEndedWaitsUntilTheLastCommitIsHeard(t *testing.T) {
	s := begun(t, Options{Sources: 1, Confirm: true})
	s.step(Report{TxID: 1, Attempt: 7, Ended: true})
	s.step(prepared(1))
	announce := Announce{TxID: 1, Attempt: 7, Sequence: 101}
	s.expect([]Action{announce}, done(1))
	s.sleeps()
	s.expect([]Action{announce}, Unheard{TxID: 1})
	s.expect(nil, Unheard{TxID: 1})
	s.expect(nil, Unheard{TxID: 1})
	require.Equal(t, []Action{announce}, s.wake(10*time.Millisecond))
	s.expect([]Action{Ended{}}, Heard{TxID: 1})
	s.expect(nil, Unheard{TxID: 1})
	s.sleeps()
}

// A commit is heard when it was announced last: word of a former one says nothing of it.
func TestWordOfFormerCommits(t *testing.T) {
	s := begun(t, Options{Sources: 1, Confirm: true, Depth: 1})
	s.commit(1)
	s.expect([]Action{Announce{TxID: 1, Attempt: 7, Sequence: 101}}, Unheard{TxID: 1})
	s.pass(time.Second)
	s.step(Ready{})
	s.step(Unheard{TxID: 1})
	s.step(Report{TxID: 2, Attempt: 7, Ended: true})
	s.step(prepared(2))
	second := Announce{TxID: 2, Attempt: 7, Sequence: 102}
	s.expect([]Action{second}, done(2))
	s.pass(time.Minute)
	s.expect(nil, Tick{})
	s.expect(nil, Unheard{TxID: 1})
	s.expect(nil, Heard{TxID: 1})
	s.expect([]Action{second}, Unheard{TxID: 2})
	s.expect([]Action{Ended{}}, Heard{TxID: 2})
}

func TestEndedWaitsForTheSource(t *testing.T) {
	for name, c := range map[string]struct {
		wakeAt int64
		ready  bool
	}{"that wants a batch later": {wakeAt: 1030}, "that is ready after all": {ready: true}} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, one())
			s.step(Report{TxID: 1, Attempt: 7, Ended: true, More: true, WakeAt: c.wakeAt})
			if c.ready {
				s.expect(nil, Ready{})
			}
			s.step(prepared(1))
			s.expect([]Action{Announce{TxID: 1, Attempt: 7, Sequence: 101}}, done(1))
			s.pass(30 * ms)
			requireEmits(t, 2, s.step(Tick{}))
			s.step(Report{TxID: 2, Attempt: 7, Ended: true})
			s.step(prepared(2))
			require.Contains(t, s.step(done(2)), Ended{})
		})
	}
}

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	s := begun(t, Options{Sources: 1, Depth: 2})
	s.step(full(1, "1"))
	s.expect(nil, Stop{})
	s.step(full(2, "2"))
	s.step(prepared(1))
	s.expect([]Action{Announce{TxID: 1, Attempt: 7, Sequence: 101}}, done(1))
	s.step(prepared(2))
	s.expect([]Action{Announce{TxID: 2, Attempt: 7, Sequence: 102}, Drained{}}, done(2))
	s.expect(nil, Ready{})
	s.sleeps()
	require.IsType(t, Emit{}, s.step(Start{})[0], "there was more")
	s.expect(nil, Stop{})
	s.expect([]Action{Drained{}}, Failed{TxID: 3, Attempt: 7})
	s.sleeps()
	s.expect([]Action{DoFence{After: 7}}, Start{})
	s.expect([]Action{Drained{}}, Stop{})
	s.expect([]Action{Announce{TxID: 2, Attempt: 7, Sequence: 102}}, Fenced{Attempt: 9, Last: s.m.Committed(), Sequence: 102})
	require.IsType(t, Emit{}, s.step(Start{})[0])
}

func TestStopBeforeStart(t *testing.T) {
	m, err := New(one())
	require.NoError(t, err)
	require.Equal(t, []Action{Drained{}}, m.Step(0, 0, Stop{}))
	require.Equal(t, []Action{DoFence{}}, m.Step(0, 0, Start{}))
}
