package console

import (
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLive(t *testing.T) {
	before, now := sample(10*time.Second, 1_000_000), withErrors(sample(10500*time.Millisecond, 1_020_500))
	for name, f := range map[string]frame{
		"live-119":    {width: 119, height: 24},
		"live-79":     {width: 79, height: 24},
		"live-39":     {width: 39, height: 24},
		"live-19":     {width: 19, height: 24},
		"live-colour": {width: 79, height: 24, colour: true},
		"live-short":  {width: 79, height: 9},
	} {
		t.Run(name, func(t *testing.T) { requireGolden(t, name, live(&now, &before, f)) })
	}
}

func TestLiveAtTheStart(t *testing.T) {
	now := worker.Snapshot{Topology: "wordcount", State: "starting", Tasks: sample(0, 0).Tasks[1:2]}
	requireGolden(t, "live-start", live(&now, &now, frame{width: 79, height: 24}))
}

// Nothing that is shown wraps or scrolls, however small the terminal and strange the errors.
func TestLiveFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(1, 130).Draw(t, "width"), rapid.IntRange(1, 30).Draw(t, "height")
		now := grown(rapid.IntRange(1, 40).Draw(t, "components"))
		for _, text := range rapid.SliceOfN(rapid.OneOf(rapid.String(), wide), 0, 8).Draw(t, "errors") {
			now.Errors = append(now.Errors, worker.ReportedError{Component: now.Tasks[len(now.Errors)%len(now.Tasks)].Component, Text: text})
		}
		now.Tasks[0].Emitted = rapid.Int64Min(0).Draw(t, "emitted")
		v := newVT(width, height)
		c := newConsole(v, Options{}, &terminal{size: v.size, colour: true})
		for range 2 {
			c.show(&now, &worker.Snapshot{})
			require.False(t, v.wrapped)
			require.Empty(t, v.scrolled)
			require.Zero(t, v.row)
		}
	})
}

var wide = rapid.Custom(func(t *rapid.T) string { return strings.Repeat("日本", rapid.IntRange(1, 100).Draw(t, "n")) })

func TestLiveReddensOnlyWhatIsWrong(t *testing.T) {
	v := newVT(100, 24)
	c := newConsole(v, Options{}, &terminal{size: v.size, colour: true})
	now := sample(time.Second, 1000)
	c.show(&now, &worker.Snapshot{})
	require.Equal(t, "31", v.reddened.String()) // split: 3 failed, 1 restart
}
