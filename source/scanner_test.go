package source

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// span is where a line lies, for the model.
type span struct {
	text string
	at   int64
}

// modelLines cuts a whole text in the plainest way.
func modelLines(text string, limit int, numbered bool) (kept []span, overlong []int64) {
	at, number := int64(0), int64(0)
	for line := range strings.Lines(text) {
		number++
		place := at
		if numbered {
			place = number
		}
		at += int64(len(line))
		line = strings.TrimSuffix(line, "\n")
		if len(line) > limit {
			overlong = append(overlong, place, int64(len(line)))
		} else {
			kept = append(kept, span{strings.TrimSuffix(line, "\r"), place})
		}
	}
	return kept, overlong
}

func TestScannerCutsAsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"\n", "\r\n", "\r", "a", "bc", "defgh", strings.Repeat("x", 40_000)})
		text := strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "pieces"), "")
		limit := rapid.SampledFrom([]int{1, 3, 10, 50_000, 1 << 20}).Draw(t, "limit")
		numbered := rapid.Bool().Draw(t, "numbered")
		kept, overlong := modelLines(text, limit, numbered)

		gotKept, gotOverlong := scanAll(t, text, limit, numbered)
		require.Equal(t, kept, gotKept)
		require.Equal(t, overlong, gotOverlong)
	})
}

// scanAll feeds a scanner with reads of any size.
func scanAll(t *rapid.T, text string, limit int, numbered bool) (kept []span, overlong []int64) {
	s := (&tally{maxLine: limit}).newScanner("f", numbered)
	s.overlong = func(_ string, at, length int64) { overlong = append(overlong, at, length) }
	keep := func(lines []line) {
		for _, l := range lines {
			kept = append(kept, span{l.text, l.at})
		}
	}
	for len(text) > 0 {
		room := s.room()
		require.GreaterOrEqual(t, len(room), blockSize/2)
		require.LessOrEqual(t, len(s.buf), max(blockSize, limit+blockSize))
		n := rapid.IntRange(1, min(len(room), len(text))).Draw(t, "read")
		copy(room, text[:n])
		keep(s.take(n))
		text = text[n:]
	}
	keep(s.rest())
	return kept, overlong
}
