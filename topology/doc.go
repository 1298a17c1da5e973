// Package topology is what authors of spouts and bolts import: it declares a
// topology, a directed acyclic graph of components, and defines what a component
// sees while it runs. It runs nothing itself: package gale runs a topology in one
// process, package topologytest tests one.
//
// # In call order
//
// A [Builder] declares spouts, bolts, the streams they emit and the groupings by
// which bolts subscribe to them. [Builder.Build] checks the whole and returns an
// immutable [Topology], or one error that lists every problem.
//
// For each task (one instance of a component) the runtime calls, always on that
// task's own goroutine and never two at once:
//
//	factory() -> Open/Prepare -> Activate -> Next/Execute ... -> Deactivate -> Close/Cleanup
//
// Only Next and Execute are required; the others are optional interfaces
// ([Opener], [Preparer], [Activator], [Deactivator], [Closer], [Cleaner],
// [Acknowledger], [Ticker], [Finisher]).
//
// # What is guaranteed
//
// A tuple that a spout emits with a message id is the root of a tree. What a bolt
// emits while it handles a tuple is anchored to it and so joins the tree. The
// spout's Ack is called once when every tuple of the tree was acked; its Fail is
// called once when any of them failed, or when the tree did not complete in time.
// A spout that emits again what failed gets at-least-once processing.
//
// Tuples from one task to another arrive in the order they were emitted. Nothing
// is promised between different emitters, or between a tuple and its replay.
//
// # What is not
//
// Tuples emitted without a message id, and tuples emitted unanchored, are not
// replayed. A tree that fails is not cancelled: what is under way goes on, and a
// replay may overtake it.
//
// Values are shared by reference between the tasks of one process: they must not
// be changed once emitted.
package topology
