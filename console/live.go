package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/worker"
)

// liveColumns are those of the table that is drawn while a topology runs.
var liveColumns = []column{
	{"COMPONENT", 0, func(r *reading) cell { return cell{text: r.Component} }},
	{"TASKS", 9, func(r *reading) cell { return cell{text: fmt.Sprint(r.Tasks)} }},
	{"RATE", 1, rateCell},
	{"TOTAL", 5, func(r *reading) cell { return cell{text: amount(handled(&r.ComponentSnapshot))} }},
	{"P50", 8, quantileCell(0.5)},
	{"P99", 3, quantileCell(0.99)},
	{"BUSY", 4, busyCell},
	{"", 10, barCell},
	{"QUEUE", 6, func(r *reading) cell { return cell{text: amount(r.waiting())} }},
	{"FAILED", 2, func(r *reading) cell { return alarmCell(r.lost(), amount) }},
	{"RESTARTS", 7, func(r *reading) cell { return alarmCell(r.Restarted, amount) }},
}

// none stands where there is no figure.
const none = "-"

func rateCell(r *reading) cell {
	if r.elapsed == 0 {
		return cell{text: none}
	}
	return cell{text: perSecond(r.rate)}
}

func quantileCell(q float64) func(r *reading) cell {
	return func(r *reading) cell {
		l := r.latency()
		if l.Count() == 0 {
			return cell{text: none}
		}
		return cell{text: nanos(l.Quantile(q))}
	}
}

func busyCell(r *reading) cell {
	if r.elapsed == 0 {
		return cell{text: none}
	}
	return cell{text: fmt.Sprintf("%.0f%%", 100*r.busy)}
}

// barCell is as long as the component is busy.
func barCell(r *reading) cell {
	const length = 8
	n := int(r.busy*length + 0.5)
	return cell{text: strings.Repeat("█", n) + strings.Repeat("░", length-n)}
}

func alarmCell(n int64, format func(int64) string) cell { return cell{text: format(n), alarm: n > 0} }

// live returns the lines of the table, which fit in the frame together with one empty line.
func live(now, before *worker.Snapshot, f frame) []string {
	t := newTable(liveColumns, readings(now, before))
	t.fit(f)
	head := []string{fit(fmt.Sprintf("%s  %s  %v", now.Topology, now.State, now.Uptime.Truncate(time.Second)), f.width)}
	notes := notes(now, f)
	lines := slices.Concat(head, shorten(t.lines(f), f.height-len(notes)-2, f), notes)
	return lines[:min(len(lines), f.height-1)]
}

// shorten cuts a table to a height, but not below three lines: titles, a component, how many are left out.
func shorten(lines []string, height int, f frame) []string {
	height = max(height, 3)
	if len(lines) <= height {
		return lines
	}
	more := fmt.Sprintf("… %d more components", len(lines)-height+1)
	return append(lines[:height-1:height-1], fit(more, f.width))
}
