package console

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// maxHeld is how long a line may be that is held back until it is complete.
const maxHeld = 8 << 10

// screen is what several goroutines write to, and the table at the bottom of it.
//
// Invariant: while a table is shown, the cursor is on the empty line above it, unless the
// program has printed there by itself; then everything below the cursor is the table's.
type screen struct {
	out io.Writer
	mu  struct {
		sync.Mutex          // held while writing: it is there to keep writes apart
		live       bool     // between begin and end
		table      []string // what is shown
		held       []byte   // of a line that is not complete
		midLine    bool     // the last byte that was passed through did not end a line
	}
}

func newScreen(out io.Writer) *screen { return &screen{out: out} }

// begin makes room for tables.
func (s *screen) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.live = true
	s.freshLineLocked()
}

// end takes the table away.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.table != nil {
		_, _ = s.out.Write([]byte(erase))
	}
	_, _ = s.passLocked(s.mu.held)
	s.mu.live, s.mu.table, s.mu.held = false, nil, nil
}

// draw shows a table in place of the last one.
func (s *screen) draw(table []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.table = table
	_, _ = s.out.Write(s.appendTableLocked([]byte(erase)))
}

// print writes lines, which begin on a line of their own.
func (s *screen) print(lines []string) {
	var b bytes.Buffer
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freshLineLocked()
	_, _ = s.writeLocked(b.Bytes())
}

// freshLineLocked ends the line that the program has begun.
func (s *screen) freshLineLocked() {
	if s.mu.midLine {
		_, _ = s.passLocked([]byte("\n"))
	}
}

// write passes bytes through; while there are tables, the complete lines of them.
func (s *screen) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writeLocked(p)
}

func (s *screen) writeLocked(p []byte) (int, error) {
	if !s.mu.live {
		return s.passLocked(p)
	}
	s.mu.held = append(s.mu.held, p...)
	lines := s.takeLinesLocked()
	if len(lines) == 0 {
		return len(p), nil
	}
	if _, err := s.out.Write(s.appendTableLocked(append([]byte(erase), lines...))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *screen) passLocked(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	s.mu.midLine = p[len(p)-1] != '\n'
	return s.out.Write(p)
}

// takeLinesLocked returns the complete lines that are held, and holds the rest. A line that is
// too long is ended.
func (s *screen) takeLinesLocked() []byte {
	n := bytes.LastIndexByte(s.mu.held, '\n') + 1
	lines, rest := s.mu.held[:n], s.mu.held[n:]
	if len(rest) >= maxHeld {
		lines, rest = append(s.mu.held, '\n'), nil
	}
	s.mu.held = bytes.Clone(rest)
	return lines
}

// The control sequences are those of ECMA-48, which every terminal has.
const (
	erase = "\r\x1b[J"   // to the start of the line, and clear from there on
	up    = "\r\x1b[%dA" // so many lines
	red   = "\x1b[31m"
	reset = "\x1b[0m"
)

// appendTableLocked writes the table below an empty line, on which it leaves the cursor.
func (s *screen) appendTableLocked(b []byte) []byte {
	for _, l := range s.mu.table {
		b = append(b, "\r\n"...)
		b = append(b, l...)
	}
	if n := len(s.mu.table); n > 0 {
		b = fmt.Appendf(b, up, n)
	}
	return b
}
