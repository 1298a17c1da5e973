package worker

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/galestream/gale/topology"
	"go.uber.org/zap"
)

// Options says how a topology is run. The zero Options means the defaults named below.
type Options struct {
	MessageTimeout    time.Duration        // how long a tree may take before it fails; the topology's, or else 30 s
	TimeoutMode       topology.TimeoutMode // what that counts from; the topology's, or else SinceEmit
	MaxSpoutPending   int                  // trees pending for each spout task, at most 1048576; the topology's, or else 4096
	InboxBatches      int                  // slabs that wait for a task; 16
	BatchSize         int                  // tuples in a full slab; 256
	StopTimeout       time.Duration        // how long a run that is told to stop drains; 10 s
	StuckAfter        time.Duration        // a call of a component's code that takes longer is reported; 10 s; below 0: never
	SerializeEveryHop bool                 // send all values through the wire's encoding, to find what can't travel
	Seed              uint64               // of edges, groupings and jitter; 0 is a random one
	Name              string               // what Context.Worker says; "local"
	Log               *zap.Logger          // what components log to, and their errors; nil drops it
	// Overrides changes what the topology declares, by component id. An id that the topology doesn't
	// have is an error of New; nil changes nothing.
	Overrides map[string]Override
	// Placement says which tasks run here and which in other workers; nil: all run here. See [Worker.Manage].
	Placement *Placement
	MaxTuple  int // bytes that a tuple may have on its way to another worker; DefaultMaxTuple
	// Observer hears of every emit, ack and fail; for tests, it costs much. It may be nil.
	Observer Observer
}

// Sizes of what goes to another worker.
const (
	DefaultMaxTuple = 900 << 10 // bytes
	MinMessage      = 128 << 10 // bytes that a Peer must be able to send, whatever MaxTuple is
)

// Override changes the declaration of one component. Zero fields change nothing.
type Override struct {
	Parallelism int // tasks, instead of what is declared; not negative
	MaxPending  int // of a spout: trees pending for each task, at most 1048576; not negative
	Settings    any // instead of the component's settings, and of the same type
}

// withDefaults fills what o leaves out: from the topology's options, then from the defaults.
func (o Options) withDefaults(t topology.Options) Options {
	o.MessageTimeout = cmp.Or(o.MessageTimeout, t.MessageTimeout, 30*time.Second)
	o.TimeoutMode = cmp.Or(o.TimeoutMode, t.TimeoutMode, topology.SinceEmit)
	o.MaxSpoutPending = cmp.Or(o.MaxSpoutPending, t.MaxSpoutPending, 4096)
	o.InboxBatches = cmp.Or(o.InboxBatches, 16)
	o.BatchSize = cmp.Or(o.BatchSize, 256)
	o.StopTimeout = cmp.Or(o.StopTimeout, 10*time.Second)
	o.StuckAfter = cmp.Or(o.StuckAfter, 10*time.Second)
	o.Seed = cmp.Or(o.Seed, rand.Uint64(), 1)
	o.Name = cmp.Or(o.Name, "local")
	o.MaxTuple = cmp.Or(o.MaxTuple, DefaultMaxTuple)
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// check lists the options that are out of range, after the defaults were filled in.
func (o Options) check() error {
	var errs []error
	at := func(ok bool, what string, value any) {
		if !ok {
			errs = append(errs, fmt.Errorf("worker: %s is %v, must be above 0", what, value))
		}
	}
	at(o.MessageTimeout > 0, "the message timeout", o.MessageTimeout)
	at(o.MaxSpoutPending > 0, "the bound of pending trees", o.MaxSpoutPending)
	at(o.InboxBatches > 0, "the bound of inboxes in batches", o.InboxBatches)
	at(o.BatchSize > 0, "the batch size", o.BatchSize)
	at(o.StopTimeout > 0, "the stop timeout", o.StopTimeout)
	return errors.Join(errs...)
}

// Observer hears what the tasks of a worker do, each on the task's goroutine.
type Observer interface {
	// Emitted tells of an emit: who, on which stream, and the values, which are valid during the call.
	Emitted(task topology.TaskID, stream *topology.Stream, values []topology.Value)
	// Executed tells that a bolt has settled a tuple: with nil it was acked.
	Executed(task topology.TaskID, t *topology.Tuple, cause error)
	// Completed tells that a spout was told of a tree: with nil it is complete.
	Completed(task topology.TaskID, id any, cause error)
}
