package console

import (
	"fmt"
	"strconv"

	"github.com/galestream/gale/worker"
)

// summaryColumns are those of the table at the end. Counts are exact. Columns that can be
// spared are left out on a narrow terminal if they are zero for all components.
var summaryColumns = []column{
	{"COMPONENT", 0, func(r *reading) cell { return cell{text: r.Component} }},
	{"TASKS", 0, func(r *reading) cell { return cell{text: fmt.Sprint(r.Tasks)} }},
	{"EMITTED", 0, func(r *reading) cell { return cell{text: exact(r.Emitted)} }},
	{"EXECUTED", 0, executedCell},
	{"ACKED", 0, func(r *reading) cell { return cell{text: exact(r.Acked)} }},
	{"FAILED", 1, func(r *reading) cell { return alarmCell(r.Failed, exact) }},
	{"TIMED OUT", 2, func(r *reading) cell { return alarmCell(r.TimedOut, exact) }},
	{"DEAD LETTERS", 4, func(r *reading) cell { return alarmCell(r.DeadLetters, exact) }},
	{"RESTARTS", 3, func(r *reading) cell { return alarmCell(r.Restarted, exact) }},
	{"RATE", 0, rateCell},
	{"P50", 0, quantileCell(0.5)},
	{"P99", 0, quantileCell(0.99)},
	{"MAX", 0, maxCell},
}

func exact(n int64) string { return strconv.FormatInt(n, 10) }

func executedCell(r *reading) cell {
	if r.Spout {
		return cell{text: none}
	}
	return cell{text: exact(r.Executed)}
}

func maxCell(r *reading) cell {
	l := r.latency()
	if l.Count() == 0 {
		return cell{text: none}
	}
	return cell{text: nanos(l.Max())}
}

// summary returns the totals. Nothing is cut: on a terminal that is too narrow for them, lines wrap.
func summary(s *worker.Snapshot, f frame) []string {
	rows := readings(s, &worker.Snapshot{})
	lines := []string{"", fmt.Sprintf("%s %s after %s", s.Topology, s.State, duration(s.Uptime)), ""}
	lines = append(lines, summaryTable(rows, f)...)
	last := append(incomplete(rows), summaryErrors(s)...)
	if len(last) > 0 {
		lines = append(lines, "")
	}
	for _, l := range last {
		lines = append(lines, f.alarm(l))
	}
	return lines
}

func summaryTable(rows []reading, f frame) []string {
	t := newTable(summaryColumns, rows)
	for f.width > 0 && t.width() > f.width && t.dropZeros() {
	}
	return t.lines(f)
}

// dropZeros removes the column that can best be spared of those that are all zero; false when
// there is none.
func (t *table) dropZeros() bool {
	most := 0
	for i, c := range t.columns {
		if c.spare > t.columns[most].spare && allZero(t.cells[i][1:]) {
			most = i
		}
	}
	if most > 0 {
		t.remove(most)
	}
	return most > 0
}

func allZero(cells []cell) bool {
	for _, c := range cells {
		if c.text != "0" {
			return false
		}
	}
	return true
}

// incomplete says which trees the run has left behind.
func incomplete(rows []reading) (lines []string) {
	for _, r := range rows {
		if r.Pending > 0 {
			lines = append(lines, fmt.Sprintf("%d tuple trees of %s were not complete", r.Pending, r.Component))
		}
	}
	return lines
}

func summaryErrors(s *worker.Snapshot) (lines []string) {
	for _, e := range lastOfEach(s) {
		lines = append(lines, errorNote(s, &e))
	}
	return lines
}
