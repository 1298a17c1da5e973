// Package process is what the program of a topology is when a supervisor has started it: one of the topology's workers.
//
// It connects to NATS with credentials of its own, learns its assignment, and waits in standby while that is not current. Then it
// opens its tasks, links them to the other workers, and reports. Nimbus directs it by requests: to pause for good, to
// finish, to stop. When its id is in no assignment any more it stops by itself. While NATS is away it goes on with what it has.
//
// [Run] owns all goroutines. One, the host's loop, follows the assignment, opens the tasks and changes the phase. What takes time is on others: one
// reads the assignment, one tells spouts to emit or to pause (a spout that doesn't hear it keeps nobody else waiting), one does what Nimbus asks, one request
// after the other. A look at the progress and the request to stop are answered where they arrive, and never wait.
package process
