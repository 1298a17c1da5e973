package console

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape returns a text, which may be any bytes, such that a terminal shows all of it and
// obeys none of it.
func escape(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[n:]
	}
	return b.String()
}

// fit cuts a text to so many columns of a terminal.
func fit(text string, width int) string {
	used, end := 0, 0
	for i, r := range text {
		if used < width { // there is room for … after text[:i]
			end = i
		}
		if used += cells(r); used > width {
			return text[:end] + "…"
		}
	}
	return text
}

// cells returns how many columns a character takes at most. The wide ones of East Asia and the
// emoji are beyond 0x1100, with many narrow ones: a text with these is cut early, but never wraps.
func cells(r rune) int {
	if r < 0x1100 || r == '…' || r == '█' || r == '░' {
		return 1
	}
	return 2
}
