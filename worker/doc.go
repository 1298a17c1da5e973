// Package worker runs the tasks of a topology in one process.
//
// # In call order
//
// [New] makes the tasks and wires them. [Worker.Run] opens them, runs them until the sources have
// ended or the context is done, drains and closes them, and returns. Meanwhile
// [Worker.Snapshot] tells how they fare, from any goroutine. A [Stepper] runs the same tasks
// in one goroutine, in simulated time, for tests.
//
// # What runs where
//
// Each task has one goroutine, which alone calls the component's code and touches the task's
// fields. Run owns these goroutines and waits for them. What tasks share is:
// inboxes (channels of slabs), ledgers (atomic slots), lanes (completions, under a mutex) and
// published figures (under a mutex, once a chunk of work).
//
// # Bounds, and what happens there
//
// An inbox holds Options.InboxBatches slabs of at most Options.BatchSize tuples; a full one blocks the emitter, and
// as topologies have no cycles that reaches the spouts. What comes from other workers has room of its own, as much as their credit allows:
// it never blocks. A spout task has at most
// MaxSpoutPending trees; a further EmitID waits. A lane holds at most two words for each pending
// tree and never blocks who puts one there. A full retry queue stops the task's intake.
// Reports of errors beyond five in ten seconds a component are counted, not logged.
package worker
