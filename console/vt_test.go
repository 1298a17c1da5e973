package console

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// vt is a terminal: it does what it is told by the few control sequences that the console
// sends, and panics at any other. A line that scrolls off the top is kept.
type vt struct {
	mu            sync.Mutex
	width, height int
	scrolled      []string
	rows          [][]rune // 0 is the second half of a wide character
	row, col      int
	wrapped       bool
	red           bool
	reddened      strings.Builder
	writes        int
}

func newVT(width, height int) *vt {
	return &vt{width: width, height: height, rows: make([][]rune, height)}
}

func (v *vt) resize(width int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.width = width
}

func (v *vt) size() (int, int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.width, v.height, nil
}

func (v *vt) written() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.writes
}

func (v *vt) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.writes++
	for s := string(p); len(s) > 0; {
		s = s[v.take(s):]
	}
	return len(p), nil
}

func (v *vt) take(s string) int {
	if strings.HasPrefix(s, "\x1b[") {
		return v.control(s)
	}
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == '\r':
		v.col = 0
	case r == '\n': // the line discipline makes it \r\n
		v.col = 0
		v.lineFeed()
	case unicode.IsPrint(r):
		v.put(r)
	default:
		panic(fmt.Sprintf("the terminal was sent %q", r))
	}
	return n
}

func (v *vt) control(s string) int {
	end := 2 + strings.IndexFunc(s[2:], unicode.IsLetter)
	switch arg := s[2:end]; s[end] {
	case 'A':
		n := 0
		fmt.Sscan(arg, &n)
		v.row = max(v.row-max(n, 1), 0)
	case 'J':
		v.rows[v.row] = v.rows[v.row][:min(v.col, len(v.rows[v.row]))]
		clear(v.rows[v.row+1:])
	case 'm':
		v.red = arg == "31"
	default:
		panic(fmt.Sprintf("the terminal was sent %q", s[:end+1]))
	}
	return end + 1
}

func (v *vt) lineFeed() {
	if v.row < v.height-1 {
		v.row++
		return
	}
	v.scrolled = append(v.scrolled, v.text(v.rows[0]))
	v.rows = append(v.rows[1:], nil)
}

func (v *vt) put(r rune) {
	w := 1
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		w = 2
	}
	if v.col+w > v.width {
		v.wrapped = true
		v.col = 0
		v.lineFeed()
	}
	for len(v.rows[v.row]) < v.col+w {
		v.rows[v.row] = append(v.rows[v.row], ' ')
	}
	copy(v.rows[v.row][v.col:], []rune{r, 0}[:w])
	v.col += w
	if v.red {
		v.reddened.WriteRune(r)
	}
}

func (v *vt) text(row []rune) string {
	return strings.TrimRight(strings.ReplaceAll(string(row), "\x00", ""), " ")
}

// lines returns all that was ever shown and not erased, without the empty lines at the end.
func (v *vt) lines() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := append([]string{}, v.scrolled...)
	for _, r := range v.rows {
		all = append(all, v.text(r))
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}
