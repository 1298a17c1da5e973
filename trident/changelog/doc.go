// Package changelog keeps the log that a Trident topology's state is: durable, totally ordered and fenced.
//
// # Contract, in call order
//
// [Memory], [Open] (a folder), [JetStream] or [Environment] gives a [Log]. Whoever is to write begins an attempt with Fence; its number is the sequence
// of the record that it appends. From then on Append takes that attempt alone: whatever bears another is refused with [ErrFenced] by the place where
// the log is kept, however late it comes and from wherever. So after Fence has returned nothing older can land, and what LastCommit and Read then show of older
// attempts is all that there will ever be.
//
// Append returns when the record is durable. An error that is an [ErrUnknown] says that the record may be there or may come to be; after any other error of Append it is not there and never
// will be. The way to know is Fence and then LastCommit. A log may append a Staged record twice (it tries again when an answer is lost), so a reader must take the second as
// the same again; a Commit or Fence is sent once.
//
// Read gives records in the order of their sequences, which are contiguous, save that the log uses some for itself; a log checks that nothing is missing. Trim forgets what lies below a sequence, the
// floor. Read and Bounds know nothing below the floor; LastCommit and LastFence still do.
//
// # What is promised
//
// A damaged or missing record or snapshot is a [DamagedError] that names it, never a wrong value and never a gap. A log that ends before what it has acknowledged to this process is damaged too.
// Snapshots are replaced whole: a reader gets the old one or the new one. They are not fenced.
//
// # What is not
//
// A log in memory ends with its process. A log in JetStream is as durable as its stream: with one replica, the server has to sync on every write (as Gale's own does).
//
// All methods of a Log may be called from any goroutine, Close too: calls that are under way then end with [ErrClosed], or ErrUnknown when it can't be told. A Log's own goroutines end in Close.
package changelog
