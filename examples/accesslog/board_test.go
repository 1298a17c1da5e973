package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var strict = rules{
	window: time.Minute, atLeast: 2, paths: 2, limit: time.Second,
	errors: threshold{fire: 0.5, resolve: 0.1}, slow: threshold{fire: 0.5, resolve: 0.1},
}

// now is when the logs of these tests are read: long after they were written.
var now = noon.Add(24 * time.Hour)

func request(path string, status int, second int) Request {
	return Request{Path: path, Status: status, At: after(second)}
}

func mustAdd(t *testing.T, b *board, q Request) []Alert {
	changes, err := b.add(q, now)
	require.NoError(t, err)
	return changes
}

func TestBoardJudgesEachPathByItself(t *testing.T) {
	b := newBoard(strict, "other")
	require.Empty(t, mustAdd(t, b, request("/a", 500, 0)))
	require.Empty(t, mustAdd(t, b, request("/b", 200, 1)))
	require.Empty(t, mustAdd(t, b, request("/b", 404, 1)))
	require.Equal(t, []Alert{{"/a", kindErrors, true, 2, 2, after(2)}}, mustAdd(t, b, request("/a", 599, 2)))
	require.Empty(t, mustAdd(t, b, request("/a", 503, 3)), "no change")
}

func TestBoardCountsWhatHasADurationForSlowness(t *testing.T) {
	b := newBoard(strict, "other")
	slow := request("/a", 200, 0)
	slow.Timed, slow.Duration = true, time.Second+1
	require.Empty(t, mustAdd(t, b, slow))
	for range 10 {
		require.Empty(t, mustAdd(t, b, request("/a", 200, 0)), "without a duration")
	}
	fast := slow
	fast.Duration = time.Second
	require.Equal(t, []Alert{{"/a", kindSlow, true, 1, 2, after(0)}}, mustAdd(t, b, fast))
}

func TestBoardLeavesOutWhatItCantJudge(t *testing.T) {
	b := newBoard(strict, "other")
	mustAdd(t, b, request("/a", 500, 0))
	_, err := b.add(Request{Path: "/a", Status: 500, At: now.Add(time.Minute + 1)}, now)
	require.ErrorIs(t, err, errFuture)
	_, err = b.add(Request{Path: "/a", Status: 500, At: now.AddDate(1000, 0, 0)}, now)
	require.ErrorIs(t, err, errFuture)
	_, err = b.add(request("/b", 500, -60), now)
	require.ErrorIs(t, err, errLate, "also on a path that is new")
	require.Equal(t, []Alert{{"/a", kindErrors, true, 2, 2, after(0)}}, mustAdd(t, b, request("/a", 500, -59)), "those before were not counted")
}

func TestBoardResolvesWhenOthersGoOn(t *testing.T) {
	b := newBoard(strict, "other")
	mustAdd(t, b, request("/a", 500, 0))
	mustAdd(t, b, request("/a", 500, 0))
	mustAdd(t, b, request("/b", 200, 59))
	require.Empty(t, b.tick(now))
	mustAdd(t, b, request("/b", 200, 60))
	require.Equal(t, []Alert{{"/a", kindErrors, false, 0, 0, after(60)}}, b.tick(now))
	require.NotContains(t, b.paths, "/a", "it is forgotten")
	require.Contains(t, b.paths, "/b")
}

func TestBoardResolvesInSilence(t *testing.T) {
	b := newBoard(strict, "other")
	mustAdd(t, b, request("/b", 500, 0))
	mustAdd(t, b, request("/b", 500, 10))
	mustAdd(t, b, request("/a", 500, 20))
	mustAdd(t, b, request("/a", 500, 20))
	require.Empty(t, b.tick(now.Add(59*time.Second)))
	require.Equal(t, []Alert{
		{"/a", kindErrors, false, 0, 0, after(80)},
		{"/b", kindErrors, false, 0, 0, after(70)},
	}, b.tick(now.Add(time.Minute)))
	require.Empty(t, b.paths)
	require.Empty(t, b.tick(now.Add(time.Hour)))
}

func TestBoardCountsFurtherPathsTogether(t *testing.T) {
	b := newBoard(strict, "other")
	for i := range 10_000 {
		mustAdd(t, b, request(fmt.Sprint("/", i), 200, 0))
	}
	require.Len(t, b.paths, strict.paths)
	require.False(t, b.crowded("/0"))
	require.True(t, b.crowded("/2"))
	require.EqualValues(t, 9_998, b.other.window.sum.requests)

	require.Empty(t, b.tick(now.Add(time.Minute)))
	require.False(t, b.crowded("/2"), "there is room again")
	mustAdd(t, b, request("/2", 500, 0))
	require.Equal(t, []Alert{{"/2", kindErrors, true, 2, 2, after(0)}}, mustAdd(t, b, request("/2", 500, 0)))
}

func TestBoardAlertsOnFurtherPaths(t *testing.T) {
	b := newBoard(strict, "other")
	for _, path := range []string{"/a", "/b", "/c"} {
		require.Empty(t, mustAdd(t, b, request(path, 500, 0)))
	}
	require.Equal(t, []Alert{{"other", kindErrors, true, 2, 2, after(0)}}, mustAdd(t, b, request("/d", 500, 0)))
	require.Equal(t, []Alert{{"other", kindErrors, false, 0, 0, after(60)}}, b.tick(now.Add(time.Minute)))
}
