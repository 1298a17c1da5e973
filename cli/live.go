package cli

import (
	"context"
	"io"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/console"
	"github.com/galestream/gale/worker"
)

// topLive shows a topology until it is gone.
func (i *invocation) topLive(c *client.Client) error {
	name, err := i.topology()
	if err != nil {
		return err
	}
	d, err := c.Describe(i.ctx, name)
	if err != nil {
		return err
	}
	return watchFigures(i.ctx, c, &d, console.New(i.out, console.Options{Interval: interval(i.out)}))
}

// interval is that at which workers report, on a terminal; elsewhere the console's own.
func interval(out io.Writer) time.Duration {
	if isTerminal(out) {
		return topInterval
	}
	return 0
}

// watchFigures shows a topology on the console until it is gone or has ended; then its error is nil.
func watchFigures(ctx context.Context, c *client.Client, d *cluster.Description, screen *console.Console) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := newGauge(d)
	heard := make(chan error, 1)
	go func() { heard <- c.Reports(ctx, d.ID, func(r cluster.Report) error { g.add(r); return nil }) }()
	over := make(chan error, 1)
	go func() { over <- watchEnd(ctx, c, d, g); cancel() }()
	screen.Run(ctx, func() worker.Snapshot { return g.snapshot(ctx) })
	<-heard
	return <-over
}

// watchEnd returns when the topology is gone or over, and tells the gauge meanwhile which generation runs.
func watchEnd(ctx context.Context, c *client.Client, first *cluster.Description, g *gauge) error {
	for pause(ctx, topInterval) {
		d, err := c.Describe(ctx, first.Name)
		switch code := cluster.CodeOf(err); {
		case err != nil && (code == cluster.Unavailable || code == cluster.Timeout):
			continue // it runs on without a Nimbus
		case err != nil && code != cluster.NotFound:
			return err
		case err != nil, d.ID != first.ID, d.Status == cluster.Finished, d.Status == cluster.Failed:
			return nil
		}
		g.update(&d)
	}
	return ctx.Err()
}
