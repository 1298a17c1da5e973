package commit

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAnyEventsAtAll has a machine see events that no sound host would tell it: what comes by mail may be anything.
func TestAnyEventsAtAll(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m, err := New(Options{Sources: 2, Depth: 3, Confirm: rapid.Bool().Draw(r, "confirm"), Check: time.Duration(rapid.IntRange(0, 1).Draw(r, "check")) * 30 * time.Millisecond})
		require.NoError(r, err)
		now := time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(r, "events") {
			now += time.Duration(rapid.IntRange(-1, 20).Draw(r, "passes")) * time.Millisecond
			e, underWay := anyEvent(r), m.appending != nil
			actions := m.Step(now, rapid.Int64Range(-5, 50).Draw(r, "wall"), e)
			_, answered := e.(Appended)
			checkActions(r, m, underWay && !answered, actions)
		}
	})
}

func anyEvent(r *rapid.T) Event {
	txid, attempt := TxID(rapid.IntRange(0, 6).Draw(r, "txid")), Attempt(rapid.IntRange(0, 6).Draw(r, "attempt"))
	n, at := rapid.IntRange(-1, 3).Draw(r, "n"), rapid.Int64Range(-5, 60).Draw(r, "at")
	return rapid.SampledFrom([]Event{
		Start{}, Start{}, Stop{}, Tick{}, Tick{}, FenceFailed{}, FencedOut{attempt}, Ready{n}, Ready{n}, Wake{n, at}, Heard{txid}, Unheard{txid},
		Prepared{txid, attempt}, Prepared{txid, attempt}, Failed{txid, attempt}, Fenced{Attempt: attempt}, Fenced{Attempt: attempt},
		Fenced{attempt, Record{TxID: txid, Attempt: Attempt(n + 1)}, 1}, Appended{txid, attempt, 1, Outcome(n + 1)}, Appended{txid, attempt, 1, Done},
		Report{txid, attempt, n, nil, 1, at > 0, at < 0, at}, Report{TxID: txid, Attempt: attempt, Source: n & 1},
	}).Draw(r, "event")
}

// checkActions requires what must hold whatever the host says.
func checkActions(t require.TestingT, m *Machine, underWay bool, actions []Action) {
	require.LessOrEqual(t, len(m.flight), m.opt.Depth)
	for i, f := range m.flight {
		require.Equal(t, m.last.TxID+1+TxID(i), f.txid)
	}
	for _, a := range actions {
		switch a := a.(type) {
		case Emit:
			require.Equal(t, m.attempt, a.Batch.Attempt)
			require.Equal(t, m.last.TxID+1, a.Batch.From)
			require.True(t, a.Batch.Positions == nil || a.Batch.TxID == a.Batch.From)
		case Append:
			require.False(t, underWay, "two appends at a time")
			require.Greater(t, a.Record.TxID, m.last.TxID)
		}
	}
	if at, ok := m.WakeAt(); ok {
		require.Greater(t, at, m.now)
	}
}

// The same seed must give the same run, or a failure can't be looked at again.
func TestSimulationIsRepeatable(t *testing.T) {
	for range 50 {
		seed := rand.Uint64() >> 1
		a, errA := simulate(seed, breakage{})
		b, errB := simulate(seed, breakage{})
		require.Equal(t, errA, errB)
		require.True(t, reflect.DeepEqual(a.tally, b.tally) && a.made == b.made && a.now == b.now && a.log.sequence == b.log.sequence, "seed %d", seed)
	}
}
