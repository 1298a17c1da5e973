package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func detachFlag() cli.Flag {
	return &cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "don't wait until it is so"}
}

func timeoutFlag(d time.Duration) cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Usage: "how long to wait at most `DURATION`", Value: d}
}

// within runs f with a context that ends after the flag --timeout. what is what f waits for.
func (i *invocation) within(d time.Duration, what string, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(i.ctx, d)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, context.DeadlineExceeded) && i.ctx.Err() == nil {
		return cluster.Errorf(cluster.Timeout, "after %v, %s: it may still happen", d, what).WithHint("see what is the matter: gale list, gale errors, gale status; or give it more time with --timeout")
	}
	return err
}

// waitRunning waits until the generation runs, and tells on the way what is missing.
func (i *invocation) waitRunning(c *client.Client, name string, generation int, timeout time.Duration) (d cluster.Description, err error) {
	w := i.waiting()
	defer w.over()
	err = i.within(timeout, fmt.Sprintf("topology %q does not run", name), func(ctx context.Context) error {
		d, err = c.WaitRunning(ctx, name, generation, func(d cluster.Description) { w.tell("%s", missing(&d, generation)) })
		return err
	})
	return d, err
}

// missing says what a topology is waiting for.
func missing(d *cluster.Description, generation int) string {
	if d.Generation == generation {
		return fmt.Sprintf("%s: %d of %d workers run%s", d.Name, d.Running, d.Summary.Workers, troubled(d))
	}
	if d.Generation > 0 {
		return fmt.Sprintf("%s: %s, generation %d gets ready%s", d.Name, d.State, generation, troubled(d))
	}
	return fmt.Sprintf("%s: %s%s", d.Name, d.State, troubled(d))
}

// troubled adds what keeps a worker from running, if anything does.
func troubled(d *cluster.Description) string {
	for _, w := range d.Workers {
		if w.Error != "" {
			return fmt.Sprintf(" (worker %s on %s: %s)", short(w.ID), w.Supervisor, w.Error)
		}
	}
	for _, w := range d.Workers {
		if w.State == "fetching" {
			return " (supervisors fetch the program)"
		}
	}
	return ""
}
