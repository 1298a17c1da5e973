package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEscapeIsTakenBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		line := escape(text)
		require.Equal(t, text, unescape(line))
		require.Equal(t, -1, closingQuote(line), "%q ends a field", line)
		for _, c := range []byte(line) {
			require.True(t, ' ' <= c && c <= '~', "%q has a control character", line)
		}
	})
}
