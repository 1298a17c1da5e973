package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noon = time.Date(2025, 10, 14, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func TestWindowSlides(t *testing.T) {
	w := newWindow(time.Minute)
	require.True(t, w.add(after(0), tally{requests: 1, failed: 1}))
	require.True(t, w.add(after(30), tally{requests: 1}))
	w.advance(after(59))
	require.Equal(t, tally{requests: 2, failed: 1}, w.sum)
	w.advance(after(60))
	require.Equal(t, tally{requests: 1}, w.sum)
	require.False(t, w.add(after(0), tally{requests: 1}), "its slot is gone")
	require.True(t, w.add(after(1), tally{requests: 1}), "its slot is the oldest")
	w.advance(after(10_000))
	require.Equal(t, tally{}, w.sum)
	require.True(t, w.add(after(9_999), tally{requests: 1}))
	w.clear()
	require.Equal(t, tally{}, w.sum)
	require.False(t, w.add(after(9_000), tally{requests: 1}), "it does not go back")
}

// counted is what the model of a window keeps.
type counted struct {
	at time.Time
	tally
}

// TestWindowIsItsModel compares it to a list of all that was counted.
func TestWindowIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := time.Duration(rapid.IntRange(1, 3600).Draw(t, "seconds")) * time.Second
		w := newWindow(length)
		var all []counted
		newest, now := int64(0), noon
		slot := func(at time.Time) int64 { return at.UnixNano() / int64(length/slots) }
		t.Repeat(map[string]func(*rapid.T){
			"pass": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(length)*5/4).Draw(t, "by")))
				w.advance(now)
				newest = max(newest, slot(now))
			},
			"add": func(t *rapid.T) {
				at := now.Add(-time.Duration(rapid.Int64Range(-int64(length)/4, int64(length)*5/4).Draw(t, "ago")))
				newest = max(newest, slot(at))
				c := tally{requests: 1, failed: rapid.Int64Range(0, 1).Draw(t, "failed"), timed: 1, slow: rapid.Int64Range(0, 1).Draw(t, "slow")}
				kept := slot(at) > newest-slots
				if kept {
					all = append(all, counted{at, c})
				}
				require.Equal(t, kept, w.add(at, c))
			},
			"clear": func(*rapid.T) { w.clear(); all = nil },
			"": func(t *rapid.T) {
				var want tally
				for _, c := range all {
					if slot(c.at) > newest-slots {
						want.add(c.tally)
					}
				}
				require.Equal(t, want, w.sum)
			},
		})
	})
}
