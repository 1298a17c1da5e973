package client

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
)

const reportsHeld = 4096 // reports that wait for a slow callback; beyond that they are dropped

// Reports calls each with every report of the workers of a topology, until ctx is done, and returns its error, or the first of each. Every worker reports every
// second, and at once when its phase changes. id is the topology's id, not its name; "*" stands for all topologies.
// Reports that come while each is busy wait; of more than some thousands, the rest is lost. What can't be read is passed over.
func (c *Client) Reports(ctx context.Context, id string, each func(cluster.Report) error) error {
	ch := make(chan *nats.Msg, reportsHeld)
	sub, err := c.nc.ChanSubscribe(cluster.ReportSubject(id, "*"), ch)
	if err != nil {
		return cluster.Errorf(cluster.Unavailable, "subscribing to reports: %v", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // which fails on a closed connection only
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m := <-ch:
			if err := pass(m, each); err != nil {
				return err
			}
		}
	}
}

func pass(m *nats.Msg, each func(cluster.Report) error) error {
	var r cluster.Report
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return nil //nolint:nilerr // of another version of Gale, or nobody's
	}
	if err := each(r); err != nil {
		return fmt.Errorf("a report of %q: %w", r.Topology, err)
	}
	return nil
}
