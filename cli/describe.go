package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

func describeVerb() *verb {
	return &verb{
		name: "describe", category: lookVerbs, usage: "tells all of a topology", args: "NAME", example: "gale describe wordcount", run: runDescribe,
		about: "Shows what a topology is made of, where its workers run, how its components fare, and what\nwent wrong lately. Rates are those since the start; 'gale top' has the present ones.", complete: completeTopology,
	}
}

func runDescribe(i *invocation) error {
	name, err := i.topology()
	if err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		d, err := c.Describe(i.ctx, name)
		if err != nil {
			return err
		}
		return i.show(d, func(w io.Writer) error { return writeDescription(w, &d, time.Now()) })
	})
}

func writeDescription(w io.Writer, d *cluster.Description, now time.Time) error {
	s := client.Merge(d.Reports)
	return errors.Join(
		facts(d, now).write(w),
		section(w, "Components", componentTable(d)),
		section(w, "Figures", figuresTable(figuresOf(&s, nil))),
		section(w, "Workers", workerTable(workersOf(d))),
		writeTroubles(w, troublesOf(d), now),
		writeRecords(w, d.Records),
	)
}

// section writes a table with a title, unless it is empty.
func section(w io.Writer, title string, t *table) error {
	if len(t.rows) < 2 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "\n%s:\n", title); err != nil {
		return err
	}
	return t.write(w)
}

func facts(d *cluster.Description, now time.Time) *table {
	t := &table{}
	t.row("Name:", d.Name)
	t.row("Status:", fmt.Sprintf("%s, %s", d.Status, d.State))
	if d.Message != "" {
		t.row("Message:", d.Message)
	}
	t.row("Submitted:", fmt.Sprintf("%s (%s ago)", d.Submitted.Format(time.RFC3339), age(now.Sub(d.Submitted))))
	t.row("Generation:", generationOf(d))
	t.row("Workers:", outOf(d.Running, d.Summary.Workers)+" run")
	t.row("Tasks:", d.Tasks)
	t.row("Timeout:", d.Definition.Timeout)
	t.row("Program:", fmt.Sprintf("%s (Gale %s, %s, %s/%s)", cutDigest(d.Digest), d.Definition.Gale, d.Definition.Go, d.Definition.OS, d.Definition.Arch))
	t.row("Id:", d.ID)
	return t
}

func generationOf(d *cluster.Description) string {
	if d.Wanted == d.Generation {
		return fmt.Sprint(d.Generation)
	}
	return fmt.Sprintf("%d, %d is wanted", d.Generation, d.Wanted)
}

func outOf(n, of int) string { return fmt.Sprintf("%d/%d", n, of) }

func cutDigest(digest string) string { return digest[:min(len(digest), 12)] }

func componentTable(d *cluster.Description) *table {
	t := newTable("COMPONENT", "KIND", "TASKS", "FROM")
	for _, c := range d.Definition.Components {
		kind := "bolt"
		if c.Spout {
			kind = "spout"
		}
		t.row(c.ID, kind, d.Parallelism[c.ID], orNone(inputs(c.Inputs)))
	}
	return t
}

// inputs tells subscriptions as in "split by fields(word)".
func inputs(all []cluster.Input) string {
	var texts []string
	for _, in := range all {
		text := in.Component
		if in.Stream != "default" {
			text += "." + in.Stream
		}
		text += " by " + in.Grouping
		if len(in.Fields) > 0 {
			text += "(" + strings.Join(in.Fields, ", ") + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

func writeRecords(w io.Writer, records []string) error {
	t := newTable("RECORD")
	for _, r := range records {
		t.row(r)
	}
	return section(w, "Damaged records", t)
}
