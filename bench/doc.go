// Bench measures how fast topologies run, in one process and across two, each beside the limit: a bare Go loop
// that makes the same moves without a runtime; and how soon a cluster does what it must.
//
//	go run ./bench                                  a table of all cases
//	go run ./bench -json -case wordcount -seconds 3 one JSON object a line
//	go run ./bench -case wordcount -cpuprofile cpu.prof
//	go tool pprof -top -tagfocus load=gale cpu.prof what the runtime's share of it was spent on
//
// What makes the figures honest:
//
//   - Throughput is counted where tuples are acked or executed, never where they are sent. The
//     components count for themselves as well, in plain fields, and a run whose two counts
//     differ, or in which a tuple failed, gives an error instead of a figure.
//   - The limit runs before and after the case, half as long each time, so that a machine that
//     slows down or is shared slows both. Compare ratios rather than values.
//   - Latency is measured in an open loop: tuples come due at fixed times, whatever became of
//     those before, and latency counts from then, so that a pause is charged to every tuple that it
//     made late. How late the generator itself woke is told beside it, and nobody spins.
//   - CPU time and allocations are of the whole process over the measured time: garbage collection,
//     timers and the generator are in them.
//   - The runtime runs with its default options.
//   - Cases across processes have the nats-server in this one, the spout in a second and the bolt in a third. Their bare loop is
//     the same: two processes that encode, publish, decode, and send (slot, XOR) back.
//
// The percentiles of the throughput cases are the runtime's own: from emit to ack, or from a
// batch being sent to a tuple being executed where nothing is acked, warm-up included. At full
// load that is mostly time in full queues. Those of the latency case are of the measured time.
//
// What a cluster does is one figure, of which less is better: the median of several, each with new processes of the command gale. They are
// all on this machine, so the network's share is missing. The failover cases run a topology that emits a tuple
// each millisecond, do harm to the process of its sink, and tell the longest time without an arrival, from
// the last before the fault until those of another process have come for a second.
//
// The cases of trident count what is committed, and only that: a sink is given the state's values once they are, on the task that has the
// state, and a figure is given only if these come, word by word, to what was read. Latency is until then: from the moment that a Read has
// returned, or that a record was due. Logs are synced, as they are by default; what that costs is told beside.
package main
