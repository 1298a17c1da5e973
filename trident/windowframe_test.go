package trident

import (
	"testing"

	"github.com/galestream/gale/trident/state"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func drawFrame(t *rapid.T) frame {
	size := rapid.Int64Range(1, 40).Draw(t, "size")
	return newFrame(size, rapid.Int64Range(1, size).Draw(t, "slide"))
}

// endsOf are the ends of all windows that t belongs to, found by looking at all windows there are.
func endsOf(f frame, t int64) (ends []int64) {
	for start := -100 * f.slide; start <= 1000*f.slide; start += f.slide {
		if start <= t && t < start+f.size {
			ends = append(ends, start+f.size)
		}
	}
	return ends
}

func TestFramesLieWhereTheyAreSaidTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFrame(t)
		at := rapid.Int64Range(-50, 50).Draw(t, "at") * rapid.Int64Range(0, f.slide).Draw(t, "times") / 2
		at = min(max(at, -50*f.slide), 900*f.slide)
		ends := endsOf(f, at)
		require.NotEmpty(t, ends)
		require.Equal(t, ends[0], f.firstEnd(at))
		require.Equal(t, ends[len(ends)-1], f.lastEnd(at))
		pane := f.paneOf(at)
		require.True(t, pane <= at && at < pane+f.pane)
		require.Equal(t, ends, endsOf(f, pane), "a pane lies in the windows of all that is in it")
		require.Equal(t, ends, endsOf(f, pane+f.pane-1))
		require.Zero(t, f.size%f.pane+f.slide%f.pane)
		require.Equal(t, f.whole(), f.size == f.slide)
	})
}

func TestFramesCloseInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFrame(t)
		now := rapid.Int64Range(-200, 200).Draw(t, "now")
		closed := f.closed(now)
		require.LessOrEqual(t, closed, now)
		require.Greater(t, closed+f.slide, now)
		require.Zero(t, (closed-f.size)%f.slide, "a window ends there")
		require.Equal(t, closed+f.slide, f.next(now))
	})
}

// TestPanesGiveTheWindowThatEndsNext holds panes against a set of times.
func TestPanesGiveTheWindowThatEndsNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFrame(t)
		times := rapid.SliceOfN(rapid.Int64Range(-60, 200), 0, 12).Draw(t, "times")
		closed := f.closed(rapid.Int64Range(-60, 250).Draw(t, "closed"))
		fill := fillRecords(Reducer[int64, []int64]{
			Zero: func() []int64 { return nil }, Reduce: func(a []int64, x int64) []int64 { return append(a, x) },
		}.Parts())
		var ps panes[[]int64]
		for _, at := range times {
			ps = fill.put(ps, f.paneOf(at), at)
		}
		want, some := int64(0), false
		for _, at := range times {
			for _, end := range endsOf(f, at) {
				if end > closed && (!some || end < want) {
					want, some = end, true
				}
			}
		}
		end, ok := ps.due(f, closed)
		require.Equal(t, some, ok)
		require.Equal(t, want, end)
		if !ok {
			return
		}
		var held []int64
		for _, at := range times {
			if end-f.size <= at && at < end {
				held = append(held, at)
			}
		}
		require.ElementsMatch(t, held, fill.result(ps.within(end-f.size, end)))
		for _, p := range ps.after(f, end) {
			require.Greater(t, f.lastEnd(p.Key), end)
		}
		require.Len(t, ps.after(f, end), len(ps)-len(obsolete(f, ps, end)))
	})
}

func obsolete(f frame, ps panes[[]int64], closed int64) (old []int64) {
	for _, p := range ps {
		if ends := endsOf(f, p.Key); ends[len(ends)-1] <= closed {
			old = append(old, p.Key)
		}
	}
	return old
}

func TestTheCalendarKnowsWhoIsFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, model := newCalendar[int](), map[int]int64{}
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			k, end := rapid.IntRange(0, 8).Draw(t, "key"), rapid.Int64Range(-3, 6).Draw(t, "end")
			open := rapid.Bool().Draw(t, "open")
			if c.set(k, end, open); open {
				model[k] = end
			} else {
				delete(model, k)
			}
			first, ok := c.first()
			require.Equal(t, len(model) > 0, ok)
			if !ok {
				continue
			}
			var keys []int
			for k, e := range model {
				require.GreaterOrEqual(t, e, first)
				if e == first {
					keys = append(keys, k)
				}
			}
			require.ElementsMatch(t, keys, c.take(first))
		}
		require.LessOrEqual(t, len(c.order), 50)
	})
}

func TestEachRangeOf64TasksHasAMark(t *testing.T) {
	s := markKeys()
	for n := 1; n <= marks; n++ {
		seen := 0
		for i := range n {
			from, to := marksOf(i, n)
			require.Less(t, from, to, "task %d of %d", i, n)
			for _, key := range s[from:to] {
				require.Equal(t, i, state.Owner(state.Group(key), n))
				seen++
			}
		}
		require.Equal(t, marks, seen)
	}
}
