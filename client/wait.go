package client

import (
	"context"

	"github.com/galestream/gale/cluster"
)

// WaitRunning waits until all workers of a generation of a topology run, and returns the topology as it is then. The
// generation is what [Client.Submit] and [Client.Rebalance] return. progress, which may be nil, is called with each look, some ten times a second.
//
// It also returns, without an error, when the topology has finished by then. It is an error when the topology fails, when it is
// killed ([cluster.NotFound]), when a later change comes between ([cluster.Conflict]), or when the generation
// did not come up, or could not run, and what was before it runs on, or again ([cluster.Invalid]). The error tells the last crash of the generation's workers.
// While it waits, [LastCrash] has from the look what keeps them from running.
func (c *Client) WaitRunning(ctx context.Context, name string, generation int, progress func(cluster.Description)) (cluster.Description, error) {
	crashes := crashWatch{generation: generation}
	return c.watch(ctx, name, progress, func(d *cluster.Description) (bool, error) {
		crashes.look(d)
		over, err := runs(d, generation)
		return over, crashes.explain(err)
	})
}

// runs reports whether the generation runs, or why it never will.
func runs(d *cluster.Description, generation int) (bool, error) {
	switch {
	case d.Status == cluster.Failed:
		return false, cluster.Errorf(cluster.Invalid, "topology %q has failed: %s", d.Name, d.Message).WithHint("gale errors %s", d.Name)
	case d.Status == cluster.Killed:
		return false, cluster.Errorf(cluster.NotFound, "topology %q is being killed", d.Name)
	case d.Reverted == generation:
		return false, cluster.Errorf(cluster.Invalid, "the change of topology %q could not run: %s", d.Name, d.Message).WithHint("gale errors %s", d.Name)
	case d.Wanted > generation:
		return false, cluster.Errorf(cluster.Conflict, "topology %q was changed again meanwhile", d.Name)
	case d.Wanted < generation && d.Generation < generation:
		return false, cluster.Errorf(cluster.Invalid, "the change of topology %q did not come up, all goes on as before: %s", d.Name, d.Message).WithHint("gale errors %s", d.Name)
	case d.Status == cluster.Finished:
		return true, nil
	}
	return d.Generation == generation && d.Summary.Workers > 0 && d.Running >= d.Summary.Workers, nil
}

// WaitGone waits until nothing is left of the topology of the id. progress is that of [Client.WaitRunning].
func (c *Client) WaitGone(ctx context.Context, name, id string, progress func(cluster.Description)) error {
	_, err := c.watch(ctx, name, progress, func(d *cluster.Description) (bool, error) { return d.ID != id, nil })
	if cluster.CodeOf(err) == cluster.NotFound {
		return nil
	}
	return err
}

// watch describes a topology again and again until done, an error, or the end of ctx.
func (c *Client) watch(ctx context.Context, name string, progress func(cluster.Description), done func(*cluster.Description) (bool, error)) (cluster.Description, error) {
	for {
		d, err := c.Describe(ctx, name)
		if err != nil {
			return d, err
		}
		if over, err := done(&d); over || err != nil {
			return d, err
		}
		if progress != nil {
			progress(d)
		}
		if !sleep(ctx, c.pause) {
			return d, ctx.Err()
		}
	}
}

// WaitDrained waits until the supervisor has no worker. progress, which may be nil, is called with each look.
func (c *Client) WaitDrained(ctx context.Context, supervisor string, progress func(cluster.SupervisorStatus)) error {
	for {
		s, err := c.supervisor(ctx, supervisor)
		if err != nil || s.Used == 0 {
			return err
		}
		if progress != nil {
			progress(s)
		}
		if !sleep(ctx, c.pause) {
			return ctx.Err()
		}
	}
}

func (c *Client) supervisor(ctx context.Context, id string) (cluster.SupervisorStatus, error) {
	all, err := c.Supervisors(ctx)
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	if err == nil {
		err = cluster.Errorf(cluster.NotFound, "there is no supervisor %q", id).WithHint("gale supervisors")
	}
	return cluster.SupervisorStatus{}, err
}
