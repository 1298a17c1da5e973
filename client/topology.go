package client

import (
	"context"

	"github.com/galestream/gale/cluster"
)

// Kill has a topology drained for at most r.Wait and removed. It returns when that is recorded; [Client.WaitGone] waits for the end.
// To kill a topology that is being killed is no mistake: the shorter wait holds.
func (c *Client) Kill(ctx context.Context, r cluster.KillRequest) error {
	_, err := call[cluster.Empty](ctx, c, cluster.VerbKill, r)
	return err
}

// Activate has the spouts of a topology emit again.
func (c *Client) Activate(ctx context.Context, name string) error {
	_, err := call[cluster.Empty](ctx, c, cluster.VerbActivate, cluster.NameRequest{Name: name})
	return err
}

// Deactivate pauses the spouts of a topology; what is under way goes on.
func (c *Client) Deactivate(ctx context.Context, name string) error {
	_, err := call[cluster.Empty](ctx, c, cluster.VerbDeactivate, cluster.NameRequest{Name: name})
	return err
}

// Rebalance changes the workers or the parallelism of a topology. It returns when that is recorded;
// [Client.WaitRunning] waits until the generation that it returns runs.
func (c *Client) Rebalance(ctx context.Context, r cluster.RebalanceRequest) (cluster.RebalanceResponse, error) {
	return call[cluster.RebalanceResponse](ctx, c, cluster.VerbRebalance, r)
}

// List returns the topologies in the order of their names.
func (c *Client) List(ctx context.Context) ([]cluster.Summary, error) {
	r, err := call[cluster.ListResponse](ctx, c, cluster.VerbList, cluster.Empty{})
	return r.Topologies, err
}

// Describe returns all there is to know of a topology.
func (c *Client) Describe(ctx context.Context, name string) (cluster.Description, error) {
	return call[cluster.Description](ctx, c, cluster.VerbDescribe, cluster.NameRequest{Name: name})
}
