package console

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain \\ \"quoted\"": "plain \\ \"quoted\"",
		"a\nb\tc\r":           `a\nb\tc\r`,
		"\x1b[2J\x07\x7f":     `\x1b[2J\a\x7f`,
		"\u009b31m":           `\u009b31m`, // the one-byte form of ESC [
		"\xff\xc3":            `\xff\xc3`,
		"\u202eevil\u200b":    `\u202eevil\u200b`,
		"日本語 é":               "日本語 é",
		"\u00a0|\u2028":       `\u00a0|\u2028`,
	} {
		require.Equal(t, want, escape(text))
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b[0m\xff\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		e := escape(text)
		require.True(t, utf8.ValidString(e))
		require.Equal(t, e, escape(e), "nothing is left to escape")
	})
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abcd", 1, "…"}, {"", 1, ""}, {"日本", 4, "日本"}, {"日本", 3, "日…"}, {"日本", 2, "…"}, {"a日", 2, "a…"},
	} {
		require.Equal(t, c.want, fit(c.text, c.width), "%q in %d", c.text, c.width)
	}
}

func TestFitCutsNoMoreThanNeeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, width := rapid.StringMatching(`[a-z]{0,40}`).Draw(t, "text"), rapid.IntRange(1, 50).Draw(t, "width")
		got := fit(text, width)
		require.Equal(t, min(len(text), width), utf8.RuneCountInString(got))
		require.True(t, strings.HasPrefix(text, strings.TrimSuffix(got, "…")))
	})
}
