package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestObituaryIsShortAndHarmless(t *testing.T) {
	long := "\x1b[2J" + strings.Repeat("é", 1000)
	got := obituary("byte 0: the host is missing", []any{long, "a\nb.log", int64(17)})
	want := `a\x0Ab.log at byte 17: byte 0: the host is missing: "\x1B[2J` + strings.Repeat(`\xC3\xA9`, 98) + `" and 1804 bytes more`
	require.Equal(t, want, got)
}
