// Package trident runs streams in micro-batches whose effects happen exactly once: state, positions in the sources, and what sinks are
// given, whatever crashes.
//
//	b := topology.NewBuilder("wordcount")
//	lines := trident.NewStream(b, "lines", trident.Lines("README.md"))
//	words := trident.FlatMap(lines, strings.FieldsSeq)
//	groups := trident.GroupBy(words, func(word string) string { return word })
//	counts := trident.PersistentAggregate(groups, "counts", trident.Count[string]()).Parallelism(4)
//	trident.PartitionPersist(counts.Updates(), "results", sink)
//	gale.Main(b)
//
// What is declared compiles to an ordinary topology: a coordinator, and one bolt for each run of operators without a hop in between. It runs locally, in tests and in a
// cluster like any other, beside other spouts and bolts if need be.
//
// # What is guaranteed
//
// A source's records are taken in batches. All that a batch changes is kept in the topology's log before the batch is committed by one record there, which
// has the sources' positions, too; batches are committed in their order. After any crash, states are those of the last commit, and the sources go on at its
// positions. A batch that fails is tried again, with the same records or others, and what it had changed is void. A process that was taken for dead and isn't can't change anything: the log refuses
// it. Sinks are given a batch after its commit, at least once, always with the same records for one txid: with those that remember the txid, that is exactly once.
//
// # What is not
//
// Functions of operators are called again when a batch is tried again: they should do nothing but compute. A function that fails on some record fails its batch each
// time it is tried, and nothing is committed beyond that: [Filter] out what can't be handled. The order of records is kept within a partition of a source
// until they are shared out anew.
//
// # Exactly once, and what it takes
//
// Sources and sinks are NonTransactional, Transactional or Opaque, as in Storm; what goes together is in the table of [ExactlyOnce]. A topology that could not be exactly-once
// is refused when it is built, unless its author says [AllowDuplicates], of each sink, state and windowed stream that it is about.
//
// # Where state is
//
// The environment's variable GALE_STATE says where the log is, see [changelog.Environment]: in memory unless it is said, so that a local run leaves nothing behind; in a folder; or, in a cluster, in
// JetStream, which is seen to by Gale. Names of sources, states and sinks are part of what is stored: a program that is submitted again under the same
// name goes on where the one before it ended, and `gale state drop` forgets all of it.
//
// # In batches
//
// A batch takes what there is when the one before is under way, up to [BatchRecords] or 5 ms of reading: small and quick ones under light load, large ones under heavy load. When there is nothing to
// read there are no batches.
//
// The runtime's own figures count packets, of many records each. The component [Coordinator] has metrics of batches: batches and records that were committed, attempts that were begun (one, and
// one more for each failure), and the histogram commit.latency, in nanoseconds from a batch's beginning to its commit.
//
// # Queries
//
// [NewQuery] begins a stream of calls from outside (DRPC): each is a batch of its own that reads committed state by [StateQuery], or the one value of a
// state by [ValueQuery], and ends with [Answer]. A state gives the same to all who read it: updates of its table, queries, and those who ask from outside.
package trident
