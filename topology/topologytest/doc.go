// Package topologytest tests topologies and bolts: it runs them in one goroutine, in simulated
// time, without sockets and sleeps, and says what each component emitted, acked and failed.
//
// [New] takes a topology, replaces the spouts that the test wants to [Harness.Feed] itself, and starts
// it. [Harness.Run] runs it until its sources have ended and every tree is
// complete; [Harness.Settle] and [Harness.Advance] go in smaller steps. For one bolt alone there
// is [RunBolt].
//
// A run is decided by its seed: the order in which tasks work, shuffles, jitter and
// faults. A test that fails logs its seed, and GALE_TEST_SEED in the environment sets it. What
// the components do by themselves (goroutines, maps' order, the clock) is theirs: a
// component that asks Context.Now instead of time.Now has the simulated time.
//
// The runtime is the one that runs in production, package worker, stepped instead of
// threaded.
package topologytest
