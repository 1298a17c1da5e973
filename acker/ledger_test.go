package acker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewRefusesWhatIsOutOfRange(t *testing.T) {
	for _, c := range []struct {
		task    uint32
		pending int
	}{{MaxTask + 1, 1}, {1<<32 - 1, 1}, {0, 0}, {0, -1}, {0, MaxPending + 1}} {
		require.Panics(t, func() { New(c.task, c.pending, SinceEmit, 0) }, "%+v", c)
	}
	require.NotPanics(t, func() { New(MaxTask, 1, SinceEmit, 1<<64-1) })
	require.NotPanics(t, func() { New(0, MaxPending, SinceProgress, 0) })
}

func TestFullLedgerTakesNoMore(t *testing.T) {
	l := New(1, 2, SinceEmit, 0)
	require.False(t, l.Full())
	first := l.Open("first", 0, 0)
	l.Open("second", 0, 0)
	require.True(t, l.Full())
	require.Panics(t, func() { l.Open("third", 0, 0) })
	require.Equal(t, 2, l.Pending())
	_, ok := l.Settle(first)
	require.True(t, ok)
	require.False(t, l.Full())
	require.NotPanics(t, func() { l.Open("third", 0, 0) })
}

func TestRootWithoutEdgesIsCompleteAtOnce(t *testing.T) {
	l := New(1, 1, SinceEmit, 0)
	root := l.Open("id", 42, 0)
	require.True(t, l.Arm(root, 0))
	got, ok := l.Settle(root)
	require.True(t, ok)
	require.Equal(t, Settled{"id", 42}, got)
}

func TestGenerationsWrapAround(t *testing.T) {
	l := New(1, 1, SinceEmit, generationMask-2)
	roots := make([]RootID, 0, 4)
	for range 4 {
		root := l.Open(nil, 0, 0)
		l.Arm(root, 1)
		l.Fail(root)
		l.Settle(root)
		roots = append(roots, root)
	}
	require.EqualValues(t, generationMask-1, roots[0].generation())
	require.EqualValues(t, generationMask, roots[1].generation())
	require.EqualValues(t, 1, roots[2].generation(), "0 is no generation")
	require.EqualValues(t, 2, roots[3].generation())
}

// A seed is any number; what is above the bits of a generation does not matter.
func TestSeedDecidesWhereGenerationsBegin(t *testing.T) {
	for seed, want := range map[uint64]uint32{0: 1, 1: 2, 1<<28 | 5: 6, 1<<64 - 1: 1} {
		require.Equal(t, want, New(1, 1, SinceEmit, seed).Open(nil, 0, 0).generation(), "seed %d", seed)
	}
}

// Roots may come from other processes: those that no Open has returned change nothing.
func TestHostileRootsAreRefused(t *testing.T) {
	const task, slots, edge = 9, 3, 0xabc
	for name, root := range map[string]RootID{
		"none":                 0,
		"generation 0":         makeRoot(task, 0, 0),
		"former generation":    makeRoot(task, 0, 4),
		"generation to come":   makeRoot(task, 0, 6),
		"free slot":            makeRoot(task, 2, 5),
		"first slot beyond":    makeRoot(task, slots, 5),
		"last slot beyond":     makeRoot(task, MaxPending-1, 5),
		"another task's":       makeRoot(task+1, 0, 5),
		"every bit":            1<<64 - 1,
		"never used, 0th use":  makeRoot(task, 1, 0),
		"another task's, late": makeRoot(task+1, 0, 4),
	} {
		t.Run(name, func(t *testing.T) {
			l := New(task, slots, SinceProgress, 4)
			open := l.Open("id", 0, 0)
			require.Equal(t, makeRoot(task, 0, 5), open)
			l.Arm(open, edge)
			complete, ok := l.Apply(root, edge, 100)
			require.False(t, complete)
			require.False(t, ok)
			require.False(t, l.Fail(root))
			require.False(t, l.Touch(root, 100))
			_, ok = l.Settle(root)
			require.False(t, ok)
			complete, ok = l.Apply(open, edge, 0)
			require.True(t, complete && ok, "the open tree has been changed")
			require.Len(t, l.Expire(50, 50, nil), 1, "the open tree has been touched")
		})
	}
}

// A slot rests as long as can be: the one that was freed last is used last.
func TestSlotsAreReusedInTheOrderTheyWereFreed(t *testing.T) {
	l := New(1, 4, SinceEmit, 0)
	var roots [4]RootID
	for i := range roots {
		roots[i] = l.Open(i, 0, 0)
	}
	for _, order := range [][]int{{2, 0, 3, 1}, {1, 3}, {0}, {3, 2, 1, 0}} {
		for _, i := range order {
			_, ok := l.Settle(roots[i])
			require.True(t, ok)
		}
		for _, i := range order {
			root := l.Open(i, 0, 0)
			require.Equal(t, roots[i].slot(), root.slot())
			roots[i] = root
		}
	}
}

func TestFreedSlotWaitsForAllOthers(t *testing.T) {
	l := New(1, 4, SinceEmit, 0)
	for i := range 12 {
		root := l.Open(nil, 0, 0)
		require.EqualValues(t, i%4, root.slot())
		l.Settle(root)
	}
}

// What has ended is not ended again, and its id is let go.
func TestTreeEndsOnce(t *testing.T) {
	for name, end := range map[string]func(*Ledger, RootID) bool{
		"complete": func(l *Ledger, root RootID) bool { l.Apply(root, 1, 0); _, ok := l.Settle(root); return ok },
		"failed":   func(l *Ledger, root RootID) bool { l.Fail(root); _, ok := l.Settle(root); return ok },
		"expired":  func(l *Ledger, _ RootID) bool { return len(l.Expire(9, 9, nil)) == 1 },
		"drained":  func(l *Ledger, _ RootID) bool { return len(l.Drain(nil)) == 1 },
	} {
		t.Run(name, func(t *testing.T) {
			l := New(1, 1, SinceEmit, 0)
			root := l.Open("id", 0, 0)
			l.Arm(root, 1)
			require.True(t, end(l, root))
			require.Zero(t, l.Pending())
			require.Nil(t, l.owned[0].id)
			requireEnded(t, l, root)
			l.Arm(l.Open("next", 0, 0), 1)
			requireEnded(t, l, root)
			require.Equal(t, 1, l.Pending())
		})
	}
}

func requireEnded(t *testing.T, l *Ledger, root RootID) {
	complete, ok := l.Apply(root, 1, 0)
	require.False(t, complete || ok, "Apply")
	require.False(t, l.Fail(root), "Fail")
	require.False(t, l.Touch(root, 0), "Touch")
	_, ok = l.Settle(root)
	require.False(t, ok, "Settle")
}

// A tree that expires while the word of its completion is under way has expired.
func TestExpiryOvertakesTheWord(t *testing.T) {
	l := New(1, 1, SinceEmit, 0)
	root := l.Open("id", 0, 0)
	l.Arm(root, 1)
	complete, _ := l.Apply(root, 1, 0)
	require.True(t, complete)
	require.Len(t, l.Expire(1, 1, nil), 1)
	_, ok := l.Settle(root)
	require.False(t, ok)
}

func TestEndedAreAppended(t *testing.T) {
	l := New(1, 2, SinceEmit, 0)
	before := []Settled{{"before", 1}}
	require.Equal(t, before, l.Expire(9, 9, before))
	require.Equal(t, before, l.Drain(before))
	l.Open("tree", 2, 0)
	require.Equal(t, []Settled{{"before", 1}, {"tree", 2}}, l.Expire(9, 9, before))
	l.Open("tree", 3, 0)
	require.Equal(t, []Settled{{"before", 1}, {"tree", 3}}, l.Drain(before))
}
