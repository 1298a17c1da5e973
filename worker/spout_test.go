package worker_test

import (
	"context"
	"time"

	"github.com/galestream/gale/topology"
)

// topologyMillisecond is the shortest interval that ticks may have.
const topologyMillisecond = time.Millisecond

// idleNext is the Next of a spout that never has anything, and never ends.
func idleNext(context.Context, *topology.SpoutCollector) error { return nil }

// stumbling is a source whose first five calls return an error.
type stumbling struct {
	*source
	failed *int
}

func (s *stumbling) Next(ctx context.Context, out *topology.SpoutCollector) error {
	if *s.failed < 5 {
		*s.failed++
		return errStumble
	}
	return s.source.Next(ctx, out)
}

// hearing is a spout made of functions; ack and fail may be nil.
type hearing struct {
	next func(out *topology.SpoutCollector) error
	ack  func(id any)
	fail func(id any, cause error)
}

func (h *hearing) Next(_ context.Context, out *topology.SpoutCollector) error { return h.next(out) }

func (h *hearing) Ack(id any) {
	if h.ack != nil {
		h.ack(id)
	}
}

func (h *hearing) Fail(id any, cause error) {
	if h.fail != nil {
		h.fail(id, cause)
	}
}
