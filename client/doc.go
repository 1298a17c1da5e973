// Package client is what another program needs to do all that the command gale does: submit topologies, change them,
// look at them, read their logs, and remove them.
//
// # In call order
//
// [Discover] finds the cluster that the command gale would talk to. [Connect] connects to its NATS, or [New] takes a connection
// that is there. Then a method for each verb: [Client.Submit],
// [Client.Kill], [Client.List], and so on. Those that change a running topology return when Nimbus has recorded
// what is to be; [Client.WaitRunning] and [Client.WaitGone] wait until it is so. [Client.Close] ends.
//
// A program that is to be submitted is built by [Build] and asked for its topology by [DefinitionOf], both on this
// machine, without a cluster.
//
// # Errors
//
// What a cluster refuses, or can't do, is a [*cluster.Error] with a code and, where there is something to do about it,
// a hint. While no Nimbus leads, requests are tried again for 5 s, as a failover takes seconds; then the code is
// [cluster.Unavailable]. The code [cluster.Timeout] says that the outcome is unknown. The error of a context that is done comes as it is.
//
// # Whose goroutines
//
// A Client may be used from any goroutine. It starts none of its own but those of its NATS connection;
// callbacks are called on the goroutine that called the method.
package client
