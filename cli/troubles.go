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
		about:    "Shows the last errors of each component, and the crashes of workers with their panic and the\nlast lines of their log; of a topology that has failed, why. Oldest first. Stacks are shown without\nthe frames of Go's runtime and Gale's worker, and equal ones once; -o json has all.",
		complete: completeTopology,
	}
}

// troubles is what errors writes.
type troubles struct {
	Topology string           `json:"topology"`
	State    string           `json:"state"`
	Message  string           `json:"message,omitempty"` // why it has failed, or what is the matter with it
	Totals   map[string]int64 `json:"totals"`            // errors by component, since the workers have started
	Errors   []componentError `json:"errors"`            // the last of each component, oldest first
	Crashes  []cluster.Crash  `json:"crashes"`           // the last of all workers, oldest first
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
		return i.show(t, func(w io.Writer) error { return writeErrors(w, t, time.Now()) })
	})
}

func troublesOf(d *cluster.Description) troubles {
	s := client.Merge(d.Reports)
	t := troubles{Topology: d.Name, State: d.State, Message: d.Message, Totals: s.ErrorTotals, Errors: []componentError{}, Crashes: list(d.Crashes)}
	for _, e := range s.Errors {
		t.Errors = append(t.Errors, componentError{e.At, e.Component, e.Task, e.Text, e.Stack})
	}
	slices.SortStableFunc(t.Errors, func(a, b componentError) int { return a.At.Compare(b.At) })
	return t
}

// writeErrors writes why a topology is over, if anything is the reason, and its troubles.
func writeErrors(w io.Writer, t troubles, now time.Time) error {
	var b strings.Builder
	if t.Message != "" {
		fmt.Fprintf(&b, "\n%s (%s): %s\n", t.Topology, t.State, t.Message)
	}
	if err := writeTroubles(&b, t, now); err != nil {
		return err
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "nothing went wrong in %s since its workers have started\n", t.Topology)
	}
	_, err := io.WriteString(w, clean(strings.TrimPrefix(b.String(), "\n")))
	return err
}

// writeTroubles writes errors and crashes, each after an empty line; those that are alike once.
func writeTroubles(w io.Writer, t troubles, now time.Time) error {
	var all []incident
	for i := range t.Errors {
		all = add(all, errorIncident(&t.Errors[i], t.Totals[t.Errors[i].Component]))
	}
	for i := range t.Crashes {
		all = add(all, crashIncident(&t.Crashes[i]))
	}
	var b strings.Builder
	for i := range all {
		all[i].write(&b, now)
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
