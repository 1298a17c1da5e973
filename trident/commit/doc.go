// Package commit is the coordinator of a Trident topology's batches as a pure state machine: it decides when a batch begins,
// when it is committed, and what happens when anything fails. It has no clock, no goroutine and no I/O: its host tells it events and does the
// actions it answers with.
//
// A batch is (txid, attempt). Txids count from 1 without gaps; an attempt is the sequence of a fence in the topology's log, and
// whatever bears another attempt than that of the last fence is refused by the log. So an attempt ends for good as soon as there is a new one,
// whoever is still at work in its name.
//
// # In call order
//
// The host makes a [Machine] with [New] and calls [Machine.Step] with [Start], and from then on with each event as it comes, with a
// monotonic time and the wall clock's. It carries out the actions in order, without waiting: what an action brings about comes back as an event. After
// each Step, [Machine.WakeAt] says when a [Tick] is wanted.
//
//   - [DoFence]: read the fences that came after attempt After (if that isn't 0). Is one of them another coordinator's, answer
//     [FencedOut] with After. Otherwise append a fence, and then read the last commit: answer [Fenced], or [FenceFailed] after any error.
//   - [DoCheck]: read the last fence. Answer [FencedOut] with After if it came after attempt After and is another coordinator's; else nothing.
//   - [Emit]: send the batch's header to all source tasks as one tuple tree. Answer [Prepared] when the tree is complete and [Failed] when it
//     has failed or timed out. A tree is complete only when every task has staged what it has to. Each source task also mails a [Report] of what
//     it has read. A source task that has got no positions in this attempt fails the tree.
//   - [Append]: append the record to the log with the record's attempt: answer [Appended]. Never append it again.
//   - [Announce]: tell the tasks that keep state and the sinks that all up to this txid is committed. With Options.Confirm, answer [Heard] or [Unheard].
//   - [Ended]: the sources have ended and all is committed. [Drained]: after Stop, nothing is in flight any more.
//   - [Deposed]: another coordinator has taken over: say so. [Halt]: stop for good: the log has lost what was committed.
//
// [Ready] comes from a source task that has something to read, [Wake] from a stage that wants a batch at a certain time. Both may be lost on
// their way, so who sends them says them again, once a second say, until a batch comes. A stage says its wake anew in the first batch of each attempt.
//
// # What is guaranteed
//
// Commits are in txid order, one append at a time. A record (n, a) is appended only when the trees of all batches up to n that were not
// committed yet are complete in attempt a and all source tasks have reported for them; its positions are those of the reports. What an append did whose
// outcome is unknown is found out by the next fence. An announced commit is in the log. A batch's time never goes back in a machine's life, nor from one
// committed batch to the next. Events of former attempts have no effect, nor have events that come twice.
//
// When nothing is to be done nothing is emitted: a batch begins when an attempt begins (it brings the positions to the sources), when a
// source has said Ready or reported More, or when a wake is due. Each of them is committed, also an empty one: stages may have staged something
// in it. A failure begins a new attempt at once; further ones without a commit in between after 10 ms, doubling to 1 s.
package commit
