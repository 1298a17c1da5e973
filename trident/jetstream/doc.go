// Package jetstream has the source and the sink of trident topologies that are streams of NATS JetStream.
//
//	lines := trident.NewStream(b, "orders", jetstream.SourceOf(jetstream.SourceOptions{Stream: "ORDERS"}, decode))
//
// # The source
//
// A position is the sequence of a message in the stream, and is kept where trident keeps it, with the commits. So the stream is read without acks and
// without a durable consumer: a partition has an ephemeral one (AckNone, in the server's memory), which is made anew at the next
// sequence whenever anything is in doubt: a gap, a connection that broke, silence. The stream must keep messages by its
// limits (the retention policies interest and workqueue remove what is read).
//
// The source is Opaque: what the stream has removed meanwhile doesn't come again. Messages that were removed before they were read are
// counted in messages.removed and reported; see [trident.Observed]. It is noticed by gaps in the sequence, so not, where
// [SourceOptions].Subjects has a filter, when they were removed from the middle of the stream.
//
// Markers of a [Sink] are skipped.
//
// With n partitions, each is the subjects whose hash (FNV-1a, 64 bits) modulo n is its number, so the messages of a subject stay in
// order. The server knows nothing of this: it sends every message n times, and each partition drops what isn't its own. So partitions pay when what
// is done with a message costs more than to receive it, a microsecond or two; for more throughput than one
// reading gives, use several streams or sources with Subjects of their own. The number of partitions may change
// from one submission to the next: each goes on behind what former ones have read of its subjects. It receives once more, and drops, what lies behind the
// hindmost of them; a former partition that has never had a message is hindmost.
//
// # Credentials
//
// The source publishes requests on $JS.API.STREAM.INFO.S, $JS.API.CONSUMER.CREATE.S.>, $JS.API.CONSUMER.MSG.NEXT.S.> and
// $JS.API.CONSUMER.DELETE.S.>, where S is the stream, and subscribes to inboxes.
//
// # Goroutines and bounds
//
// A partition that is open has one goroutine, which Close ends, and holds at most [SourceOptions].Prefetch messages and about 32 MiB that were not
// read yet, or one message more. Sources of one process with the same access share one connection, which reconnects for
// ever, and is closed with the last of their readers.
package jetstream
