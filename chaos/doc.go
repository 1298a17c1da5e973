// Package chaos has the tests that do harm to a cluster of real processes, and look whether it keeps its promises. It has
// nothing but tests, and is for Linux. Package internal/rig runs the processes.
//
//	go test ./chaos                  the short form of each, some minutes
//	go test ./chaos -long -timeout 2h    the whole
//
// The load is numbered records of a JetStream stream, whose results go to another; an oracle knows how often the
// result of each has come. I1: none is lost. I2: none comes twice without a fault, and after faults no more do than were pending, once for each fault.
//
// # Seeing them fail
//
// Each test has failed with its protection taken out. What to take out, in a copy of the repository, and what the test says then:
//
//   - R-10 slow consumer: in transport/credit.go, take never refuses (if false). "by how much the sender grew": 70 MiB in 2 s.
//   - R-17 rescale, and R-21 clean stop: in nimbus/drain.go, next stops the workers at once (case true). "I2 is broken: 9 duplicates after 0 faults".
//   - R-18 backpressure: in worker/spouttask.go, pending is 100*w.opt.MaxSpoutPending. "trees that are pending": 1718, at most 100.
//   - R-21 clean stop, killed while starting: in nimbus/kill.go, remove does not discard the program. "within 1m0s it did not come to this: nothing is left
//     behind", and the program's digest.
//   - Replace: in nimbus/step.go, nextOfSwap has no undo once the workers are prepared (case false). "context deadline exceeded" instead of the refusal.
//   - Worker killed during a swap: in worker/process, neither links.go nor tasks.go calls Lost; or in nimbus/drain.go, note does not look at blank, which
//     shows once in some runs. "the drain has waited in vain for what the worker held": a pause of 10 s.
//   - Supervisor restart: in supervisor/adopt.go, find finds no process (true ||). "the workers live through it": their ids are others.
//   - Worker killed without its supervisor: in supervisor/launch.go, each life is 1; or without Lost, as before. "of 592 numbers, these have not come for 1m0s".
package chaos
