package client

import (
	"context"
	"errors"

	"github.com/galestream/gale/cluster"
)

// unanswered is the error of a question that nobody has answered: the topology may not run.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// silentAs marks an error that may be due to the topology having ended.
func silentAs(err error) error {
	switch cluster.CodeOf(err) {
	case cluster.NotFound, cluster.Unavailable, cluster.Timeout:
		return unanswered{err}
	}
	return err
}

// orKept asks a topology with now, and when it does not run reads with kept what it has left.
func orKept[T any](ctx context.Context, c *Client, topology string, now func(context.Context, string) (T, error), kept func(context.Context, *keptState) (T, error)) (answer T, err error) {
	over, err := c.maybeOver(ctx, topology)
	if err == nil && !over {
		answer, err = now(ctx, topology)
		over, err = c.settle(ctx, topology, err)
	}
	if err != nil || !over {
		return answer, err
	}
	k, err := c.openKept(ctx, topology)
	if err != nil {
		return answer, err
	}
	defer k.close()
	return kept(ctx, k)
}

// maybeOver reports whether a topology does not run, as far as that is worth a question: where workers of it are known these are asked.
func (c *Client) maybeOver(ctx context.Context, topology string) (bool, error) {
	if w, _ := c.atlas.known(c.atlas.sheet(topology), place{}); w != nil && len(w.workers) > 0 {
		return false, nil
	}
	d, err := c.Describe(ctx, topology)
	if cluster.CodeOf(err) == cluster.NotFound {
		return true, nil
	}
	return d.Status == cluster.Finished || d.Status == cluster.Failed, err
}

// settle looks what an error of a question means: that the topology does not run, or what the caller is to be told.
func (c *Client) settle(ctx context.Context, topology string, err error) (over bool, _ error) {
	var u unanswered
	if !errors.As(err, &u) {
		return false, err
	}
	d, problem := c.Describe(ctx, topology)
	switch {
	case cluster.CodeOf(problem) == cluster.NotFound:
		return true, nil
	case problem == nil && (d.Status == cluster.Finished || d.Status == cluster.Failed || d.Status == cluster.Killed):
		return true, nil
	case cluster.CodeOf(u.error) == cluster.NotFound:
		return false, c.explainNoState(ctx, topology, u.error)
	}
	return false, u.error
}
