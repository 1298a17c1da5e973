package main

import (
	"context"
	"time"

	"github.com/galestream/gale/topology"
)

// endless is what a spout that is to be ended must be; that of [source.Tail] is.
type endless interface {
	topology.Spout
	topology.Opener
	topology.Acknowledger
	topology.Closer
}

// until is a spout that ends by itself some time after it was opened, for tests and trials of
// a source that never does.
type until struct {
	endless
	after time.Duration
	tc    *topology.Context
	end   time.Time
	// owed are the ids that have failed and were not acked since. They are emitted again before the
	// spout ends. Bounded by the trees that may be pending, as the source's own list is.
	owed map[any]struct{}
}

// ending returns a factory of spouts that end after a time; 0 leaves them as they are.
func ending(after time.Duration, factory func() topology.Spout) func() topology.Spout {
	if after == 0 {
		return factory
	}
	return func() topology.Spout {
		return &until{endless: factory().(endless), after: after, owed: map[any]struct{}{}}
	}
}

// Open implements [topology.Opener].
func (u *until) Open(ctx context.Context, tc *topology.Context) error {
	u.tc, u.end = tc, tc.Now().Add(u.after)
	return u.endless.Open(ctx, tc)
}

// Next implements [topology.Spout].
func (u *until) Next(ctx context.Context, out *topology.SpoutCollector) error {
	if len(u.owed) == 0 && !u.tc.Now().Before(u.end) {
		return topology.ErrEnd
	}
	return u.endless.Next(ctx, out)
}

// Ack implements [topology.Acknowledger].
func (u *until) Ack(id any) {
	delete(u.owed, id)
	u.endless.Ack(id)
}

// Fail implements [topology.Acknowledger].
func (u *until) Fail(id any, cause error) {
	u.owed[id] = struct{}{}
	u.endless.Fail(id, cause)
}
