package client

import (
	"context"

	"github.com/galestream/gale/cluster"
)

// Supervisors returns the supervisors in the order of their ids.
func (c *Client) Supervisors(ctx context.Context) ([]cluster.SupervisorStatus, error) {
	r, err := call[cluster.SupervisorsResponse](ctx, c, cluster.VerbSupervisors, cluster.Empty{})
	return r.Supervisors, err
}

// Drain has the workers of a supervisor move to others, and keeps new ones away from it. It returns when that is
// recorded; [Client.WaitDrained] waits until the supervisor is empty. With r.Undo, the supervisor is used again.
func (c *Client) Drain(ctx context.Context, r cluster.DrainRequest) error {
	_, err := call[cluster.Empty](ctx, c, cluster.VerbDrain, r)
	return err
}

// Status returns how the cluster fares.
func (c *Client) Status(ctx context.Context) (cluster.StatusResponse, error) {
	return call[cluster.StatusResponse](ctx, c, cluster.VerbStatus, cluster.Empty{})
}
