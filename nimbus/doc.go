// Package nimbus is the part of a cluster that decides: which topologies there are, and which supervisor runs which of their workers.
//
// Several may run; one leads. A [Nimbus] campaigns for the lease, leads while it holds it, and campaigns again. Who leads
// writes the epoch first, and each of its writes bears the condition that the epoch is still its own, so that whatever a replaced leader
// still has under way is refused by the server.
//
// # The loop
//
// A leadership is one goroutine, the loop, which owns all state: requests, beats, reports and the ends of drains come to it as
// messages. What a request has it do elsewhere, in the state that a topology has left, is set aside (aside.go). It writes the records itself and waits for each write, so that what it holds in memory is what the records say. A write
// that the server refuses changes nothing. A write whose outcome is unknown ends the leadership: the next one, be
// it of the same Nimbus, begins an epoch of its own, so that the write can't come true later, and reads what the records say.
//
// Nothing that must last is kept anywhere else. For each topology the loop asks, again and again, what the next step is from where
// its records and its workers are (step.go, pure), and takes it. A leader that takes over in the middle of a swap, a drain or a kill
// therefore goes on with it: there is no other way in which it is done.
//
// # What is guaranteed
//
//   - Of two writes, the one of the older epoch never takes effect after the first of the newer.
//   - A request that was refused leaves nothing behind, but that a program that was uploaded for it is removed when it is old.
//   - A change whose workers don't come to run is taken back, once: what ran before runs again.
//   - A record that can't be read is left alone and reported; it disturbs no other topology.
//   - What a killed topology had is removed: workers, records, and its program, unless another topology runs it, or a record that can't be read might.
//
// # What is not
//
// With no leader nothing is placed or replaced, but what runs goes on. An answer that tells how things are (list, describe) may be as
// old as the lease's margin.
package nimbus
