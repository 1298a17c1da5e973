package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

func errorsVerb() *verb {
	return &verb{
		name: "errors", category: lookVerbs, usage: "shows what went wrong in a topology", args: "NAME", example: "gale errors wordcount", run: runErrors,
		about:    "Shows the last errors of each component, and the crashes of workers with their panic and the\nlast lines of their log. Oldest first.",
		complete: completeTopology,
	}
}

// troubles is what errors writes.
type troubles struct {
	Topology string           `json:"topology"`
	Totals   map[string]int64 `json:"totals"`  // errors by component, since the workers have started
	Errors   []componentError `json:"errors"`  // the last of each component, oldest first
	Crashes  []cluster.Crash  `json:"crashes"` // the last of all workers, oldest first
}

// componentError is an error that a component reported or caused.
type componentError struct {
	At        time.Time      `json:"at"`
	Component string         `json:"component"`
	Task      cluster.TaskID `json:"task"`
	Text      string         `json:"text"`
	Stack     string         `json:"stack,omitempty"` // of a panic
}

func runErrors(i *invocation) error {
	name, err := i.topology()
	if err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		d, err := c.Describe(i.ctx, name)
		if err != nil {
			return err
		}
		t := troublesOf(&d)
		return i.show(t, func(w io.Writer) error { return writeTroubles(w, t, time.Now()) })
	})
}

func troublesOf(d *cluster.Description) troubles {
	s := client.Merge(d.Reports)
	t := troubles{Topology: d.Name, Totals: s.ErrorTotals, Errors: []componentError{}, Crashes: list(d.Crashes)}
	for _, e := range s.Errors {
		t.Errors = append(t.Errors, componentError{e.At, e.Component, e.Task, e.Text, e.Stack})
	}
	slices.SortStableFunc(t.Errors, func(a, b componentError) int { return a.At.Compare(b.At) })
	return t
}

func writeTroubles(w io.Writer, t troubles, now time.Time) error {
	var b strings.Builder
	for _, e := range t.Errors {
		fmt.Fprintf(&b, "\n%s ago, %s (task %d, %d errors in all): %s\n", age(now.Sub(e.At)), e.Component, e.Task, t.Totals[e.Component], e.Text)
		indent(&b, strings.Split(e.Stack, "\n"))
	}
	for _, c := range t.Crashes {
		fmt.Fprintf(&b, "\n%s ago, worker %s crashed in its life %d: %s\n", age(now.Sub(c.At)), short(c.Worker), c.Life, c.Reason)
		indent(&b, strings.Split(c.Panic, "\n"))
		if c.Panic == "" {
			indent(&b, c.LastLog)
		}
	}
	_, err := io.WriteString(w, clean(b.String()))
	return err
}

func indent(b *strings.Builder, lines []string) {
	for _, l := range lines {
		if l != "" {
			fmt.Fprintf(b, "    %s\n", l)
		}
	}
}
