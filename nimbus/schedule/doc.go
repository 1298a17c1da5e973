// Package schedule decides which workers a topology has, which tasks each of them runs, and which supervisor runs
// each of them. It is one pure function, [Plan], of what is known of the cluster: it has no clock, no randomness and
// no state, so the same input gives the same plan, whichever Nimbus leads. It changes nothing that is passed to it.
//
// # What is guaranteed
//
//   - No task has two owners. When a Result's Problem is empty, every task has one.
//   - A worker that runs on a usable supervisor stays there and keeps its tasks and id, whatever else would be better.
//     So the loss of a supervisor moves its workers only, and planning again what was planned changes nothing.
//   - A new worker goes to a supervisor that is usable, not draining, has all labels that the topology asks for, runs
//     its OS and architecture, has a free slot, and has memory and CPU left where both the need and the capacity are known.
//   - Of these, it goes to the one with the fewest workers, those of all topologies counted; so no supervisor that gets one ends up
//     more than one above the least loaded that could have had it. Balance yields only where memory or CPU hints would otherwise
//     leave workers without a place.
//   - The tasks of a new generation are dealt evenly: workers differ by at most one task, also of each component.
//     As long as that holds, tasks stay on the supervisors where the previous generation had them, and
//     the n-th tasks of components that are connected share a worker.
//   - A topology that isolates itself runs on supervisors that no other topology uses, and no other gets a worker there. It evicts nobody.
//
// # What is not
//
// Running workers are not moved to better the balance, not even to a new and empty supervisor: a rebalance, which is a new generation,
// does that. Packing workers of unlike memory and CPU needs is done by heuristics: a plan that would just fit may be
// missed, and is then refused with a Problem.
package schedule
