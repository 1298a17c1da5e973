package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

const (
	devDrain    = time.Minute     // how long the end of a topology is waited for
	lastLines   = 5 * time.Second // how long the last lines of workers are waited for
	wholeOfLogs = cluster.MaxLogTail
)

// runTopology runs the topology of a program until it is over, or until the first signal, and then removes it.
func (d *dev) runTopology(path string, s client.Submission) error {
	r, err := d.submitAnew(path, s)
	if err != nil {
		return err
	}
	lines := d.followLines(r)
	verdict := d.watch(r)
	err = errors.Join(verdict, d.removeTopology(r), d.lastOf(lines))
	if err != nil || !d.Bool("stay") || d.ctx.Err() != nil {
		return err
	}
	return d.wait()
}

// submitAnew submits the topology, in place of the one of its name that is there from the last time.
func (d *dev) submitAnew(path string, s client.Submission) (r cluster.SubmitResponse, err error) {
	w := d.waiting()
	defer w.over()
	err = d.built(path, &s, w, func() error {
		if err := d.removeOld(s.Definition.Name, w); err != nil {
			return err
		}
		r, err = d.cluster.client.Submit(d.ctx, s)
		return err
	})
	return r, err
}

func (d *dev) removeOld(name string, w *waiting) error {
	c := d.cluster.client
	old, err := c.Describe(d.ctx, name)
	if err != nil && cluster.CodeOf(err) == cluster.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	w.tell("removing the %q of the last time", name)
	if err := c.Kill(d.ctx, cluster.KillRequest{Name: name, Wait: -1}); err != nil {
		return err
	}
	return c.WaitGone(d.ctx, name, old.ID, nil)
}

// lastOf waits until the lines end by themselves, as they do when the topology is gone.
func (d *dev) lastOf(lines *service) error {
	patience := time.NewTimer(lastLines)
	defer patience.Stop()
	select {
	case <-lines.over:
	case <-patience.C:
	case <-d.hurry.Done():
	}
	if err := lines.stop(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// watch shows the topology until it is over. The error says that it has failed, or could not be run.
func (d *dev) watch(r cluster.SubmitResponse) error {
	l := listen(d.cluster.client, r.Name, r.ID)
	defer l.close()
	if _, err := d.waitRunning(d.cluster.client, r.Name, r.Generation, runTimeout); err != nil {
		return err
	}
	end, err := l.show(d.ctx, d.screen)
	if err != nil {
		return err
	}
	if end == nil {
		_, err := fmt.Fprintf(d.err, "topology %q was killed\n", r.Name)
		return err
	}
	d.screen.Summary(l.gauge.take())
	if end.Status == cluster.Failed {
		return cluster.Errorf(cluster.Invalid, "topology %q has failed: %s", r.Name, end.Message)
	}
	return nil
}

// removeTopology drains and removes it. The second signal ends the wait: what is left then ends with the cluster.
func (d *dev) removeTopology(r cluster.SubmitResponse) error {
	if d.ctx.Err() != nil {
		fmt.Fprintf(d.err, "stopping: draining topology %q for at most %v; Ctrl-C once more ends it at once\n", r.Name, devDrain)
	}
	ctx, cancel := context.WithTimeout(d.hurry, devDrain)
	defer cancel()
	err := d.cluster.client.Kill(ctx, cluster.KillRequest{Name: r.Name})
	if err == nil {
		w := d.waiting()
		defer w.over()
		err = d.cluster.client.WaitGone(ctx, r.Name, r.ID, func(now cluster.Description) { w.tell("%s", remaining(&now)) })
	}
	if err != nil && cluster.CodeOf(err) == cluster.NotFound || d.hurry.Err() != nil {
		return nil
	}
	return err
}
