package cli

import (
	"io"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/urfave/cli/v2"
)

const runTimeout = 2 * time.Minute // for workers to be there

func rebalanceVerb() *verb {
	return &verb{
		name: "rebalance", category: topologyVerbs, usage: "changes how many workers and tasks a topology has", args: "NAME", run: runRebalance,
		example: "gale rebalance wordcount --workers 3 --parallelism count=8",
		about:   "New workers are started while the present ones run on, then they take over; tuples pause for a\nmoment, none is lost. If the new ones don't come up, all goes on as before.", complete: completeTopology,
		flags: append(shapeFlags(),
			&cli.BoolFlag{Name: "spread", Usage: "place all workers anew, also where nothing else changes"},
			detachFlag(), timeoutFlag(runTimeout)),
	}
}

func shapeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "workers", Aliases: []string{"w"}, Usage: "how many processes `N`", DefaultText: "as it is"},
		&cli.StringSliceFlag{Name: "parallelism", Aliases: []string{"p"}, Usage: "how many tasks of a component, as in count=8; may be given several times `COMPONENT=N`"},
	}
}

// shape reads shapeFlags.
func (i *invocation) shape() (workers int, parallelism map[string]int, err error) {
	workers = i.Int("workers")
	if i.IsSet("workers") && workers < 1 {
		return 0, nil, i.mistake("--workers is %d, must be at least 1", workers)
	}
	parallelism, err = counts(i.StringSlice("parallelism"))
	if err == nil && len(parallelism) > 0 {
		err = i.checked(&cluster.RebalanceRequest{Name: "any", Parallelism: parallelism})
	}
	return workers, parallelism, err
}

func runRebalance(i *invocation) error {
	workers, parallelism, err := i.shape()
	if err != nil {
		return err
	}
	r := cluster.RebalanceRequest{Name: i.Args().First(), Workers: workers, Parallelism: parallelism, Spread: i.Bool("spread")}
	if err := i.checked(&r); err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		plan, err := c.Rebalance(i.ctx, r)
		if err != nil {
			return err
		}
		if !i.Bool("detach") {
			if _, err := i.waitRunning(c, r.Name, plan.Generation, i.Duration("timeout")); err != nil {
				return i.tellGoingOn(err, "the rebalance goes on; to see it: gale describe %s", r.Name)
			}
		}
		plan.Placement = list(plan.Placement)
		return i.show(plan, func(w io.Writer) error { return placementTable(plan.Placement).write(w) })
	})
}

func placementTable(all []cluster.Placement) *table {
	t := newTable("WORKER", "SUPERVISOR", "HOST", "TASKS")
	for _, p := range all {
		t.row(orNone(short(p.Worker)), p.Supervisor, p.Host, tally(p.Tasks))
	}
	return t
}
