package main

import (
	"context"
	"fmt"
	"io"

	"github.com/galestream/gale/topology"
)

const (
	shownDead = 5   // how many dead letters are printed
	shownText = 200 // how many bytes of a malformed line are
)

// dead counts the lines that could not be parsed, and prints the first few.
type dead struct {
	out     io.Writer
	n       int64
	counter *topology.Counter
}

// Prepare implements [topology.Preparer].
func (d *dead) Prepare(_ context.Context, tc *topology.Context) error {
	d.counter = tc.Counter("lines.malformed")
	return nil
}

// Execute takes one dead letter.
func (d *dead) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	d.n++
	d.counter.Add(1)
	if d.n > shownDead {
		return nil
	}
	_, err := fmt.Fprintf(d.out, "DEAD     %s\n", obituary(t.String("cause"), t.List("values")))
	return topology.Fatal(err)
}

// obituary describes a line by its values, those of source.TailFields.
func obituary(cause string, values []any) string {
	line, file, offset := values[0].(string), values[1].(string), values[2].(int64)
	cut := ""
	if len(line) > shownText {
		cut = fmt.Sprintf(" and %d bytes more", len(line)-shownText)
		line = line[:shownText]
	}
	return fmt.Sprintf(`%s at byte %d: %s: "%s"%s`, escape(file), offset, cause, escape(line), cut)
}

// Finish tells how many there were, when not all were printed. It may be called again.
func (d *dead) Finish(context.Context, *topology.Collector) error {
	if d.n <= shownDead {
		return nil
	}
	_, err := fmt.Fprintf(d.out, "DEAD     %d lines in all were malformed, of which the first %d are above\n", d.n, shownDead)
	return topology.Fatal(err)
}
