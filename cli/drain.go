package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

func drainVerb() *verb {
	return &verb{
		name: "drain", category: clusterVerbs, usage: "moves the workers of a supervisor to others", args: "SUPERVISOR", example: "gale drain rack1-a7f3", run: runDrain,
		about: "Before a machine is taken away: its workers move without a loss, and it gets no new ones. Waits until\nthe supervisor has none.", complete: completeSupervisor,
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "undo", Usage: "use the supervisor again"},
			detachFlag(), timeoutFlag(runTimeout),
		},
	}
}

func runDrain(i *invocation) error {
	r := cluster.DrainRequest{Supervisor: i.Args().First(), Undo: i.Bool("undo")}
	if err := i.checked(&r); err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		if err := c.Drain(i.ctx, r); err != nil {
			return err
		}
		switch {
		case r.Undo:
			return i.done(r.Supervisor, "in use")
		case i.Bool("detach"):
			return i.done(r.Supervisor, "draining")
		}
		if err := i.waitDrained(c, r.Supervisor); err != nil {
			return i.explainStaying(c, r.Supervisor, err)
		}
		return i.done(r.Supervisor, "drained")
	})
}

func (i *invocation) waitDrained(c *client.Client, id string) error {
	w := i.waiting()
	defer w.over()
	return i.within(i.Duration("timeout"), fmt.Sprintf("supervisor %q is not empty", id), "gale supervisors, gale workers", func(ctx context.Context) error {
		return c.WaitDrained(ctx, id, func(s cluster.SupervisorStatus) { w.tell("%s: workers left: %d", id, s.Used) })
	})
}

const (
	stayingTime = 5 * time.Second // that asking for what stays may take
	maxStaying  = 20              // topologies that are told
)

// explainStaying adds to a timeout which topologies still have workers on the supervisor, and why.
func (i *invocation) explainStaying(c *client.Client, id string, err error) error {
	e := new(cluster.Error)
	if !errors.As(err, &e) || e.Code != cluster.Timeout {
		return err
	}
	ctx, cancel := context.WithTimeout(i.ctx, stayingTime)
	defer cancel()
	told := *e
	all, _ := c.List(ctx) // without an answer the timeout is all that is known
	for _, s := range all {
		d, problem := c.Describe(ctx, s.Name)
		if problem == nil && len(told.Problems) < maxStaying {
			told.Problems = append(told.Problems, staying(&d, id)...)
		}
	}
	return &told
}

// staying says what keeps the workers of a topology on a supervisor; nothing when it has none there.
func staying(d *cluster.Description, id string) []string {
	n := 0
	for _, w := range d.Workers {
		if w.Supervisor == id {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("topology %q has %d there: %s", d.Name, n, cmp.Or(d.Message, "it is "+d.State))}
}
