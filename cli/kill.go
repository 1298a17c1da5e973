package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

const killTimeout = 5 * time.Minute // beyond the time to drain

func killVerb() *verb {
	return &verb{
		name: "kill", category: topologyVerbs, usage: "drains a topology and removes it", args: "NAME", example: "gale kill wordcount --wait 5s", run: runKill,
		about: "Spouts stop emitting, what is under way is completed, then processes, records and the program are\nremoved. Waits until nothing is left. State that the topology has kept stays: a topology that is submitted\nunder the same name goes on with it, and 'gale state drop' removes it.", complete: completeTopology,
		flags: []cli.Flag{
			&cli.DurationFlag{Name: "wait", Usage: "how long to drain at most, up to 1h `DURATION`", DefaultText: "the topology's message timeout"},
			&cli.BoolFlag{Name: "no-drain", Usage: "stop the workers at once"},
			detachFlag(),
			&cli.DurationFlag{Name: "timeout", Usage: "how long to wait at most `DURATION`", DefaultText: "5m more than it may drain", Value: killTimeout},
		},
	}
}

// doneResult is what verbs write that change something and have nothing more to tell.
type doneResult struct {
	Name   string `json:"name"`   // of the topology or supervisor
	Result string `json:"result"` // "killed", "activated", "deactivated", "drained", "in use"; with --detach "killing", "draining"
}

func (i *invocation) done(name, result string) error {
	return i.show(doneResult{name, result}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s: %s\n", name, result)
		return err
	})
}

func runKill(i *invocation) error {
	r := cluster.KillRequest{Name: i.Args().First(), Wait: i.Duration("wait")}
	if i.Bool("no-drain") || i.IsSet("wait") && r.Wait <= 0 {
		r.Wait = -1
	}
	if err := i.checked(&r); err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		d, err := c.Describe(i.ctx, r.Name)
		if err != nil {
			return err
		}
		if err := c.Kill(i.ctx, r); err != nil {
			return err
		}
		if i.Bool("detach") {
			return i.done(r.Name, "killing")
		}
		if err := i.waitGone(c, r.Name, d.ID, i.killPatience(&r, &d)); err != nil {
			return err
		}
		return i.done(r.Name, "killed")
	})
}

// killPatience returns how long a kill is waited for: what --timeout says, else longer than Nimbus lets it drain.
func (i *invocation) killPatience(r *cluster.KillRequest, d *cluster.Description) time.Duration {
	switch timeout := i.Duration("timeout"); {
	case i.IsSet("timeout"):
		return timeout
	case r.Wait == 0:
		return timeout + d.Definition.Timeout
	default:
		return timeout + max(r.Wait, 0)
	}
}

func (i *invocation) waitGone(c *client.Client, name, id string, timeout time.Duration) error {
	w := i.waiting()
	defer w.over()
	return i.within(timeout, fmt.Sprintf("topology %q is not gone", name), fmt.Sprintf("gale workers %s, gale status", name), func(ctx context.Context) error {
		return c.WaitGone(ctx, name, id, func(d cluster.Description) { w.tell("%s", remaining(&d)) })
	})
}

// remaining says what is left of a topology that is being killed.
func remaining(d *cluster.Description) string {
	pending := 0
	for _, r := range d.Reports {
		pending += r.Progress.Pending
	}
	if pending > 0 {
		return fmt.Sprintf("%s: %s, tuple trees to complete: %d", d.Name, d.State, pending)
	}
	return fmt.Sprintf("%s: %s, processes left: %d", d.Name, d.State, processes(d))
}

// processes returns how many of a topology's workers have one.
func processes(d *cluster.Description) (n int) {
	for _, w := range d.Workers {
		if w.PID != 0 {
			n++
		}
	}
	return n
}
