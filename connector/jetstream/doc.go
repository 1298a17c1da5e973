// Package jetstream reads NATS JetStream streams into topologies and writes what comes out of them.
//
// # In call order
//
//	b.Spout("orders", jetstream.Spout(jetstream.SpoutOptions{Stream: "ORDERS"})).Emits(jetstream.Fields...)
//	b.Bolt("price", topology.BoltFunc(price)).Emits("data").Shuffle("orders")
//	jetstream.Sink(b, "prices", jetstream.SinkOptions{Subject: "prices"}).Shuffle("price")
//
// [Spout] reads through a durable pull consumer, which its tasks share, in all workers. [Sink] declares a
// bolt that publishes. Tasks of one worker that name the same [Access] share a connection, which
// reconnects for ever; nothing that was to be sent meanwhile is sent late, except acks.
//
// # What is guaranteed
//
// At least once, from stream to stream: a message is acked when its tuple tree is complete, and a tuple is acked
// when the stream has stored what it became. With a message id ([SinkOptions].MsgID) a
// stream drops what it is given twice within its duplicate window: once, within that window.
//
// Messages come in the order of the stream until one is given back; then it comes later.
//
// What comes twice when nothing has failed: nothing. What comes twice after a fault: at most what was
// pending, and messages whose acks were on their way when the connection broke (see
// [SpoutOptions].ConfirmAcks).
//
// # Who holds a message
//
// The server gives a message to one task and waits [SpoutOptions].AckWait, 5 s by default, for a word of
// it. The task says every quarter of that, for every message that it holds, that it is still being worked on. So a
// message may take as long as its tree may (the message timeout), and yet those that a killed worker
// held are with another one seconds later. A tree that fails gives its message back at once, with a delay that
// grows with each delivery. A spout that is deactivated or closed gives back what it has not emitted, without
// a delay, so that a successor need not wait. How often a message may come is the
// consumer's MaxDeliver, which the spout leaves as it is: without a bound, for consumers that it makes.
//
// # Goroutines and bounds
//
// A spout task has one goroutine of its own, from Open to Close, that pulls, and keeps the server informed. A task
// holds at most [SpoutOptions].Prefetch messages that it has not emitted, and besides these one for each
// pending tree. A sink task has at most [SinkOptions].InFlight publishes without an answer, each for at
// most [SinkOptions].Timeout; at the bound, Execute waits.
package jetstream
