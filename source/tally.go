package source

import (
	"fmt"

	"github.com/galestream/gale/topology"
)

// defaultMaxLine is what a MaxLine of 0 means; largestMaxLine keeps lengths
// within what a machine can hold.
const (
	defaultMaxLine = 1 << 20
	largestMaxLine = 1 << 30
)

// maxLineOf returns the MaxLine that is meant by n.
func maxLineOf(n int) (int, error) {
	if n < 0 || n > largestMaxLine {
		return 0, fmt.Errorf("the option MaxLine is %d; it must be from 1 to %d bytes, or 0 for %d", n, largestMaxLine, defaultMaxLine)
	}
	if n == 0 {
		n = defaultMaxLine
	}
	return n, nil
}

// tally counts and reports what a spout leaves out. It may be used from any goroutine.
type tally struct {
	report                                  func(error)
	maxLine                                 int
	overlong, unreadable, binary, truncated *topology.Counter
}

func newTally(tc *topology.Context, maxLine int) *tally {
	return &tally{
		report:     tc.Report,
		maxLine:    maxLine,
		overlong:   tc.Counter("lines.overlong"),
		unreadable: tc.Counter("files.unreadable"),
		binary:     tc.Counter("files.binary"),
		truncated:  tc.Counter("files.truncated"),
	}
}

// newScanner returns a scanner whose overlong lines are counted.
func (t *tally) newScanner(file string, numbered bool) *scanner {
	s := &scanner{file: file, max: t.maxLine, numbered: numbered, overlong: t.addOverlong}
	if numbered {
		s.at = 1
	}
	return s
}

func (t *tally) addOverlong(file string, at, length int64) {
	t.overlong.Add(1)
	t.report(fmt.Errorf("%s:%d: skipped a line of %d bytes: MaxLine is %d", file, at, length, t.maxLine))
}

func (t *tally) addUnreadable(err error) {
	t.unreadable.Add(1)
	t.report(err)
}

// addBinary reports only files that somebody meant; folders may well hold others.
func (t *tally) addBinary(f listed) {
	t.binary.Add(1)
	if f.given {
		t.report(fmt.Errorf("%s: skipped, it is not text: there is a NUL byte in its first %d bytes", f.name, sniffed))
	}
}
