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

const watchInterval = 500 * time.Millisecond // between looks at whether a topology is over

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
	l := listen(c, d.Name, d.ID)
	defer l.close()
	_, err = l.show(i.ctx, console.New(i.out, console.Options{Interval: interval(i.out)}))
	return err
}

// interval is that at which workers report, on a terminal; elsewhere the console's own.
func interval(out io.Writer) time.Duration {
	if isTerminal(out) {
		return topInterval
	}
	return 0
}

// live is a topology that is being looked at.
type live struct {
	c        *client.Client
	name, id string
	gauge    *gauge
	reports  *service
}

// listen begins to listen to the workers of a topology, until close.
func listen(c *client.Client, name, id string) *live {
	l := &live{c: c, name: name, id: id, gauge: newGauge(name)}
	l.reports = serve("reports", func(ctx context.Context) error {
		return c.Reports(ctx, id, func(r cluster.Report) error { l.gauge.add(r); return nil })
	}, func(error) {}) // without a connection, show says so
	return l
}

func (l *live) close() {
	l.reports.end()
	<-l.reports.over
}

// show shows the topology on the console until it is over: finished, failed, or gone. It returns what it has come to, nil when it is gone.
func (l *live) show(ctx context.Context, screen *console.Console) (last *cluster.Description, err error) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer cancel()
		last, err = l.watch(ctx)
	}()
	screen.Run(ctx, func() worker.Snapshot { return l.gauge.snapshot(ctx) })
	<-over
	return last, err
}

// watch returns when the topology is gone or over, and tells the gauge meanwhile what runs.
func (l *live) watch(ctx context.Context) (*cluster.Description, error) {
	for {
		d, err := l.c.Describe(ctx, l.name)
		switch code := cluster.CodeOf(err); {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && code == cluster.NotFound, err == nil && d.ID != l.id:
			return nil, nil
		case err != nil && code != cluster.Unavailable && code != cluster.Timeout:
			return nil, err
		case err == nil:
			l.gauge.update(&d)
		}
		if d.State == string(cluster.Finished) || d.State == string(cluster.Failed) {
			return &d, nil
		}
		if !pause(ctx, watchInterval) {
			return nil, ctx.Err()
		}
	}
}
