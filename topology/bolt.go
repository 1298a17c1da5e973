package topology

import (
	"context"
	"time"
)

// Bolt handles tuples.
type Bolt interface {
	// Execute handles one tuple. With automatic acking, nil acks it and an error
	// fails it (or has it tried again, see [BoltDeclarer.Retry]). With manual acking
	// an error fails it unless it is settled already, and nil says nothing.
	//
	// A panic fails the tuple, is reported with its stack, and replaces this instance
	// by a new one from the factory. ctx is done when the worker stops at
	// once, without draining.
	Execute(ctx context.Context, t *Tuple, out *Collector) error
}

// Preparer is a bolt that prepares itself before its first tuple. An error ends the
// topology.
type Preparer interface {
	Prepare(ctx context.Context, tc *Context) error
}

// Cleaner is a bolt that releases what it holds. Cleanup is called once after the
// last tuple, but not after a panic and not when the process is killed.
type Cleaner interface{ Cleanup() error }

// Ticker is a bolt that has its ticks delivered apart from its tuples. Without it
// ticks come to Execute, where [Tuple.IsTick] tells them. What Tick emits is
// unanchored unless it says otherwise.
type Ticker interface {
	Tick(ctx context.Context, now time.Time, out *Collector) error
}

// Finisher is a bolt that has something left to say when its input has ended:
// results that were held back, the last window. What Finish emits is unanchored unless
// it says otherwise; what it emits reaches bolts downstream before their own Finish.
//
// It is called when all sources have ended, or the topology is told to stop, and
// nothing is under way to the bolt. When a tree that has failed is emitted again
// after that, Execute is called, and Finish once more. An error fails the run, for what the bolt
// held back is lost.
type Finisher interface {
	Finish(ctx context.Context, out *Collector) error
}

// BoltFunc makes a bolt of its Execute alone. Each task calls f, so what f refers to
// is shared between the tasks.
func BoltFunc(f func(ctx context.Context, t *Tuple, out *Collector) error) func() Bolt {
	return func() Bolt { return boltFunc(f) }
}

type boltFunc func(ctx context.Context, t *Tuple, out *Collector) error

func (f boltFunc) Execute(ctx context.Context, t *Tuple, out *Collector) error { return f(ctx, t, out) }

// Handler is the form that middleware wraps: one Execute.
type Handler func(ctx context.Context, t *Tuple, out *Collector) error

// Middleware wraps the Execute of a bolt, for what is the same for many bolts: tracing,
// metrics, rate limits, recovery. It is called once a task, with next being the
// bolt or the middleware inside; the first one declared is the outermost. See
// [BoltDeclarer.Use].
type Middleware func(next Handler) Handler
