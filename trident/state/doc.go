// Package state keeps what a Trident topology has counted: the committed values of a state's partitions, the changes of batches that are not committed
// yet, and the way back after a crash.
//
// # The parts
//
// A [Store] has the committed values of one partition: in memory ([Memory]) or in a file, for more than fits into memory ([OpenDisk]). A [Partition] is one task's part of
// a state: its store, an overlay for each batch in the pipeline, and what it takes to write its changes to the topology's log and to read them
// back. The log is the truth; a store, and a snapshot, only save the time of reading all of it.
//
// A key belongs to one of 1024 groups ([Group]), and each partition owns a range of groups ([Owner]). What is in the log and in snapshots does not depend on how many
// partitions there are, so that number may change from one start to the next.
//
// # In call order
//
// The task that owns the partition appends a fence to the log and calls [Partition.Recover]. Then, for each batch, in the order of txids: [Partition.Begin]; [Partition.Get],
// [Partition.Put] and [Partition.Delete]; [Partition.Staged], whose records it appends to the log before it says that the batch is prepared. When it hears that a
// batch is committed it calls [Partition.Commit]; after an [ErrGap] it fences and recovers again. When an attempt has failed it calls [Partition.Abort].
// After commits it asks [Partition.NextSnapshot] whether there is a snapshot to be stored, and from time to time
// tells the coordinator [Partition.Base], below which the log may be trimmed when no other partition needs it.
//
// # What is guaranteed
//
// Get sees the batch's own changes and those of the batches before it; [Partition.Committed] and [Partition.Scan] see committed values alone. After Recover the committed values are
// those of the log's last commit, whatever crashed where. A record or snapshot that is damaged or missing, and a damaged value in a file,
// is a [DamagedError] or a changelog.DamagedError, never a wrong value.
//
// # What is not
//
// Nothing here is safe for concurrent use: a Partition, and its Store, belong to one task's goroutine. The package writes no record to the log itself; Recover
// writes one small snapshot when a state is new, unless it is only looked at. It starts no goroutines and reads no clock.
package state
