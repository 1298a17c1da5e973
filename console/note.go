package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/worker"
)

// maxNotes is how many lines of each kind stand below a table.
const maxNotes = 3

// notes returns what needs attention: calls that take too long, and the latest errors.
func notes(s *worker.Snapshot, f frame) []string {
	lines := stuckNotes(s)
	for _, e := range slices.Backward(lastErrors(s)) {
		lines = append(lines, errorNote(s, &e))
	}
	for i, l := range lines {
		lines[i] = f.alarm(fit(l, f.width))
	}
	return lines
}

func (f frame) alarm(text string) string {
	if !f.colour {
		return text
	}
	return red + text + reset
}

func stuckNotes(s *worker.Snapshot) (lines []string) {
	for i := range s.Tasks {
		t := &s.Tasks[i]
		if t.Stuck > 0 && len(lines) < maxNotes {
			lines = append(lines, fmt.Sprintf("%s[%d] has been in one call for %v", t.Component, t.Index, t.Stuck.Truncate(time.Second)))
		}
	}
	return lines
}

// lastErrors returns the last error of the components that had one lately, oldest first.
func lastErrors(s *worker.Snapshot) []worker.ReportedError {
	last := lastOfEach(s)
	slices.SortStableFunc(last, func(a, b worker.ReportedError) int { return a.At.Compare(b.At) })
	return last[max(len(last)-maxNotes, 0):]
}

// lastOfEach returns the last error of each component, in the order of their names.
func lastOfEach(s *worker.Snapshot) []worker.ReportedError {
	of := map[string]worker.ReportedError{}
	for _, e := range s.Errors {
		of[e.Component] = e // those of one component are in order
	}
	var last []worker.ReportedError
	for _, e := range of {
		last = append(last, e)
	}
	slices.SortFunc(last, func(a, b worker.ReportedError) int { return strings.Compare(a.Component, b.Component) })
	return last
}

func errorNote(s *worker.Snapshot, e *worker.ReportedError) string {
	if n := s.ErrorTotals[e.Component]; n != 1 {
		return fmt.Sprintf("%d errors in %s, last: %s", n, e.Component, escape(e.Text))
	}
	return fmt.Sprintf("1 error in %s: %s", e.Component, escape(e.Text))
}
