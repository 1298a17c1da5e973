package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/galestream/gale/topology"
)

// printer prints each change of an alert as a line.
type printer struct {
	out   io.Writer
	rules rules
}

// Execute prints one change. When nobody reads the output any more, the topology ends.
func (p *printer) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	_, err := io.WriteString(p.out, p.line(topology.As[Alert](t)))
	return topology.Fatal(err)
}

func (p *printer) line(a Alert) string {
	state := "RESOLVED"
	if a.Firing {
		state = "FIRING"
	}
	what := "failed with 5xx"
	if a.Kind == kindSlow {
		what = fmt.Sprint("took longer than ", p.rules.limit)
	}
	return fmt.Sprintf("%-8s %-6s %s: %d of %d requests (%.1f %%) in %v %s, at %s\n", state, a.Kind, escape(a.Path),
		a.Bad, a.Of, 100*share(a.Bad, a.Of), p.rules.window, what, a.At.Format(time.RFC3339))
}
