package topology

import (
	"context"
	"errors"
)

// Spout is a source of tuples.
type Spout interface {
	// Next emits what there is, ideally a few tuples, and returns soon: while it
	// runs, acks wait. The runtime calls it again at once when it has emitted, and
	// when it has not after a pause that grows from 100 microseconds to 100
	// milliseconds and that [Context.Wake], an ack or a fail ends.
	//
	// [ErrEnd] says that there is no more; Next is called again only after a Fail. An error
	// that is [Fatal] ends the topology. Any other error is reported, and Next is
	// called again after a pause.
	//
	// ctx is done when the worker stops at once, without draining.
	Next(ctx context.Context, out *SpoutCollector) error
}

// ErrEnd is what Next returns when a source has ended. When all have and every tree is
// complete, the run ends.
var ErrEnd = errors.New("end of the source")

// Opener is a spout that prepares itself before its first Next. An error ends the topology.
type Opener interface {
	Open(ctx context.Context, tc *Context) error
}

// Acknowledger is a spout that hears what became of the trees it emitted. Each message
// id comes back once, to one of the two.
type Acknowledger interface {
	// Ack says that the tree of the id is complete.
	Ack(id any)
	// Fail says that a tuple of the tree failed, and why, or that it did not
	// complete in time ([ErrTimeout]). A spout that can, emits it again.
	Fail(id any, cause error)
}

// ErrTimeout is the cause of a tree's failure that did not complete in time.
var ErrTimeout = errors.New("the tuple tree did not complete within the message timeout")

// Activator is a component that is told when its topology begins or goes on to emit.
type Activator interface{ Activate() }

// Deactivator is a component that is told when its topology pauses: no Next is called
// until Activate is. It is called once before Close, too.
type Deactivator interface{ Deactivate() }

// Closer is a spout that releases what it holds. Close is called once after the last
// Next, but not after a panic and not when the process is killed.
type Closer interface{ Close() error }

// SpoutFunc makes a spout of its Next alone. Each task calls f, so what f
// refers to is shared between the tasks.
func SpoutFunc(f func(ctx context.Context, out *SpoutCollector) error) func() Spout {
	return func() Spout { return spoutFunc(f) }
}

type spoutFunc func(ctx context.Context, out *SpoutCollector) error

func (f spoutFunc) Next(ctx context.Context, out *SpoutCollector) error { return f(ctx, out) }

// Fatal marks an error of a component as one that nothing can go on after: the
// runtime ends the topology with it. Fatal(nil) is nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return &fatal{err}
}

// IsFatal reports whether err, or one that it wraps, was marked with [Fatal].
func IsFatal(err error) bool {
	var f *fatal
	return errors.As(err, &f)
}

type fatal struct{ err error }

func (f *fatal) Error() string { return f.err.Error() }
func (f *fatal) Unwrap() error { return f.err }
