package source

import (
	"bytes"
	"strings"
)

// blockSize is how much is read at a time. Larger blocks cost no less per line, and pin
// more.
const blockSize = 64 << 10

// scanner cuts the bytes of one file into lines. Its user reads into room and then calls
// take. It does no I/O of its own.
type scanner struct {
	file     string
	max      int  // the longest line that is kept, without its "\n"
	numbered bool // at counts lines, else bytes
	overlong func(file string, at, length int64)

	at      int64 // where the line begins that buf begins with, or that is skipped
	buf     []byte
	n       int   // buf[:n] begins a line. Invariant: n <= max, and 0 while skipping
	skipped int64 // the length so far of an overlong line, 0 when there is none
}

// room returns where to read to; it has at least half a block.
func (s *scanner) room() []byte {
	if len(s.buf)-s.n < blockSize/2 {
		s.grow()
	}
	return s.buf[s.n:]
}

// grow makes room for a line that is longer than a block. Since n <= max, the
// largest buffer has a block of room.
func (s *scanner) grow() {
	size := min(max(2*len(s.buf), blockSize), s.max+blockSize)
	buf := make([]byte, size)
	copy(buf, s.buf[:s.n])
	s.buf = buf
}

// take returns the lines that are complete with n more bytes of room.
func (s *scanner) take(n int) []line {
	from, to := 0, s.n+n
	if s.skipped > 0 {
		from = s.skip(s.buf[:to])
	}
	var lines []line
	// Only what is new is searched: a long line may come byte by byte.
	fresh := s.n + from
	end := from
	if i := bytes.LastIndexByte(s.buf[fresh:to], '\n'); i >= 0 {
		end = fresh + i + 1
		lines = s.cut(string(s.buf[from:end]))
	}
	s.n = copy(s.buf, s.buf[end:to])
	if s.n > s.max {
		s.skipped, s.n = int64(s.n), 0
	}
	return lines
}

// skip drops what belongs to an overlong line and returns how much that is.
func (s *scanner) skip(data []byte) int {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		s.skipped += int64(len(data))
		return len(data)
	}
	s.leaveOut(s.skipped + int64(i))
	s.skipped = 0
	return i + 1
}

// cut returns the lines of a text of whole lines.
func (s *scanner) cut(text string) []line {
	lines := make([]line, 0, strings.Count(text, "\n"))
	for len(text) > 0 {
		i := strings.IndexByte(text, '\n')
		if i > s.max {
			s.leaveOut(int64(i))
		} else {
			lines = append(lines, s.line(text[:i]))
		}
		text = text[i+1:]
	}
	return lines
}

// rest returns the line that the file ends with when it lacks its line end, and
// expects the next file.
func (s *scanner) rest() []line {
	var lines []line
	if s.skipped > 0 {
		s.leaveOut(s.skipped)
	} else if s.n > 0 {
		lines = []line{s.line(string(s.buf[:s.n]))}
	}
	s.n, s.skipped = 0, 0
	return lines
}

func (s *scanner) line(text string) line {
	l := line{text: strings.TrimSuffix(text, "\r"), file: s.file, at: s.at}
	s.advance(int64(len(text)))
	return l
}

func (s *scanner) leaveOut(length int64) {
	s.overlong(s.file, s.at, length)
	s.advance(length)
}

// advance moves on by a line of the length.
func (s *scanner) advance(length int64) {
	if s.numbered {
		s.at++
	} else {
		s.at += length + 1
	}
}
