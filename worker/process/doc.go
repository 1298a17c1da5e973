// Package process is what the program of a topology is when a supervisor has started it: one of the topology's workers.
//
// It connects to NATS with credentials of its own, learns its assignment, and waits in standby while that is not current. Then it
// opens its tasks, links them to the other workers, and reports. Nimbus directs it by requests: to pause for good, to
// finish, to stop. When its id is in no assignment any more it stops by itself. While NATS is away it goes on with what it has.
//
// [Run] owns all goroutines. What happens to the worker, happens on one of them, the host's loop; requests that take time are
// done by another, one after the other, so that a look at the progress never waits.
package process
