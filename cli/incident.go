package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

// incident is an error or a crash as it is told to people.
type incident struct {
	at    time.Time
	title string
	lines []string // of its stack, or of the log before it
	key   string   // equal for those that are told once
	count int
}

func errorIncident(e *componentError, total int64) incident {
	in := incident{at: e.At, title: fmt.Sprintf("%s (task %d, %d errors in all): %s", e.Component, e.Task, total, e.Text), count: 1}
	in.key = "error\n" + e.Component + "\n" + e.Text
	if e.Stack != "" {
		in.lines = stackLines(e.Stack)
		in.key = "error\n" + e.Component + "\n" + strings.Join(in.lines, "\n")
	}
	return in
}

func crashIncident(c *cluster.Crash) incident {
	in := incident{at: c.At, title: fmt.Sprintf("worker %s crashed in its life %d: %s", short(c.Worker), c.Life, c.Reason), lines: c.LastLog, count: 1}
	in.key = "crash\n" + client.Cause(c) // logs bear the time
	if c.Panic != "" {
		in.lines = stackLines(c.Panic)
		in.key = "crash\n" + c.Reason + "\n" + strings.Join(in.lines, "\n")
	}
	return in
}

// add adds an incident, the newest so far. One that was there already moves to the end, and counts one more.
func add(all []incident, in incident) []incident {
	i := slices.IndexFunc(all, func(o incident) bool { return o.key == in.key })
	if i >= 0 {
		in.count += all[i].count
		all = slices.Delete(all, i, i+1)
	}
	return append(all, in)
}

func (in *incident) write(b *strings.Builder, now time.Time) {
	times := ""
	if in.count > 1 {
		times = fmt.Sprintf(" (%d times so; this is the last)", in.count)
	}
	fmt.Fprintf(b, "\n%s ago, %s%s\n", age(now.Sub(in.at)), in.title, times)
	indent(b, in.lines)
}
