package commit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

func requireEmits(t *testing.T, txid TxID, actions []Action) {
	t.Helper()
	require.NotEmpty(t, actions)
	e, ok := actions[len(actions)-1].(Emit)
	require.True(t, ok, "%#v", actions)
	require.Equal(t, txid, e.Batch.TxID)
}

func TestIdleIsSilent(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.pass(time.Hour)
	s.expect(nil, Tick{})
	s.sleeps()
	requireEmits(t, 2, s.step(Ready{}))
	s.commit(2)
	s.sleeps()
}

// A source with more than a batch takes gets one batch to read, and one that waits.
func TestReadingAhead(t *testing.T) {
	s := begun(t, Options{Sources: 1, Depth: 5})
	requireEmits(t, 3, s.step(full(1, "1")))
	requireEmits(t, 4, s.step(full(2, "2")))
	s.expect(nil, Report{TxID: 3, Attempt: 7})
	s.expect(nil, Report{TxID: 4, Attempt: 7})
	s.sleeps()
}

func TestReadingAheadIsTwoDeep(t *testing.T) {
	s := begun(t, Options{Sources: 2, Depth: 5})
	requireEmits(t, 2, s.step(Report{TxID: 1, Attempt: 7, Source: 0, More: true}))
	require.Equal(t, 2, s.m.InFlight(), "source 1 has not read batch 1")
	s.step(Report{TxID: 2, Attempt: 7, Source: 0, More: true})
	require.Equal(t, 2, s.m.InFlight())
	s.step(Report{TxID: 1, Attempt: 7, Source: 1})
	require.Equal(t, 3, s.m.InFlight())
}

func TestDepthBoundsWhatIsInFlight(t *testing.T) {
	s := begun(t, Options{Sources: 1, Depth: 2})
	requireEmits(t, 2, s.step(full(1, "1")))
	s.expect(nil, full(2, "2"))
	s.sleeps()
	s.step(prepared(1))
	requireEmits(t, 3, s.step(done(1)))
}

func TestSmallBatchesAreAnIntervalApart(t *testing.T) {
	s := begun(t, one())
	s.expect(nil, Ready{})
	s.sleeps() // until batch 1 is read
	s.expect(nil, empty(1, 0))
	requireEmits(t, 2, s.wake(ms))
	s.pass(time.Second)
	s.expect(nil, Ready{}) // batch 2 is not read
}

// The records that a Ready is about may have come just after the read that reports nothing.
func TestReadyWhileABatchIsReadIsNotLost(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.pass(time.Second)
	requireEmits(t, 2, s.step(Ready{}))
	s.expect(nil, Ready{})
	s.pass(time.Second)
	requireEmits(t, 3, s.step(empty(2, 0)))
	s.expect(nil, empty(3, 0))
	s.sleeps()
}

// Mail may overtake mail: the later batch's report says whether there is more.
func TestReportsOutOfOrder(t *testing.T) {
	s := begun(t, Options{Sources: 1, Depth: 5})
	requireEmits(t, 3, s.step(full(1, "1")))
	s.expect(nil, Report{TxID: 3, Attempt: 7})
	s.expect(nil, full(2, "2"))
	s.sleeps()
}

func TestWhereCommitsTakeLongBatchesAreFewer(t *testing.T) {
	s := begun(t, Options{Sources: 1, Depth: 2})
	for txid := TxID(1); txid <= 60; txid++ {
		s.step(empty(txid, 0))
		s.step(prepared(txid))
		s.pass(6 * ms)
		s.step(done(txid))
		requireEmits(t, txid+1, s.step(Ready{}))
	}
	s.step(empty(61, 0))
	s.step(Ready{})
	at, ok := s.m.WakeAt()
	require.True(t, ok)
	require.InDelta(t, float64(3*ms), float64(at-s.now), float64(ms)/10, "6 ms, two at a time")
	s.m.round = time.Hour
	at, _ = s.m.WakeAt()
	require.Equal(t, 5*ms, at-s.now)
}

func TestWakeBringsABatch(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.expect(nil, Wake{Stage: 1, At: 1500})
	s.expect(nil, Wake{Stage: 2, At: 1300})
	s.expect(nil, Wake{Stage: 2, At: 1200})
	actions := s.wake(200 * ms)
	requireEmits(t, 2, actions)
	require.EqualValues(t, 1200, actions[0].(Emit).Batch.Time)
	s.commit(2)
	requireEmits(t, 3, s.wake(300*ms))
	s.commit(3)
	s.sleeps()
}

func TestWakeWithinTheInterval(t *testing.T) {
	s := begun(t, Options{Sources: 1, Interval: 5 * ms})
	s.commit(1)
	s.expect(nil, Wake{Stage: 1, At: 1002})
	requireEmits(t, 2, s.wake(5*ms))
}

func TestSourceWantsABatchAtATime(t *testing.T) {
	s := begun(t, one())
	s.step(Report{TxID: 1, Attempt: 7, WakeAt: 1030})
	s.step(prepared(1))
	s.step(done(1))
	requireEmits(t, 2, s.wake(30*ms))
	s.commit(2)
	s.sleeps()
}

// A wake that a failed batch has served is said anew in the first batch of the next attempt; one that is not served stays.
func TestWakeOutlastsAFailure(t *testing.T) {
	s := begun(t, one())
	s.step(Wake{Stage: 1, At: 1100})
	s.step(Failed{Attempt: 7})
	s.step(Fenced{Attempt: 9})
	s.step(Report{TxID: 1, Attempt: 9})
	requireEmits(t, 2, s.wake(100*ms))
}

func TestWallClockThatIsSetIsNoticed(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.step(Wake{Stage: 1, At: 1000 + (time.Hour).Milliseconds()})
	at, ok := s.m.WakeAt()
	require.True(t, ok)
	require.Equal(t, time.Minute, at-s.now)
	s.now, s.wall = at, s.wall+time.Hour.Milliseconds()
	requireEmits(t, 2, s.step(Tick{}))
}

func TestTimeNeverGoesBack(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.pass(time.Second)
	s.wall = 10
	actions := s.step(Ready{})
	require.EqualValues(t, 1000, actions[0].(Emit).Batch.Time)
	s.step(Failed{TxID: 2, Attempt: 7})
	actions = s.step(Fenced{Attempt: 9, Last: s.m.Committed()})
	require.EqualValues(t, 1000, actions[1].(Emit).Batch.Time)
}

// A wake is due by the time that the batch would have.
func TestWakeWhenTheClockWasSetBack(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.pass(time.Second)
	s.wall = 10
	requireEmits(t, 2, s.step(Wake{Stage: 1, At: 900}))
}

func TestMonotonicTimeNeverGoesBack(t *testing.T) {
	s := begun(t, one())
	s.commit(1)
	s.now = ms
	s.expect(nil, Tick{})
	s.now = 0
	requireEmits(t, 2, s.step(Ready{}))
}
