// Package chaos has the tests that do harm to a cluster of real processes, and look whether it keeps its promises. It has
// nothing but tests, and is for Linux. Package internal/rig runs the processes.
//
//	go test ./chaos                     the short form of each, some minutes
//	go test ./chaos -long -timeout 2h   the whole
//
// The load is numbered records of a JetStream stream, whose results go to another; an oracle knows how often the
// result of each has come. I1: none is lost. I2: none comes twice without a fault, and after faults no more do than were pending, once for each fault, nor
// more than the stream has given out again.
//
// The tests of package trident run a tally: of each number of the stream it makes a record with a key and an amount, which goes to another stream once, and it keeps for each key the least
// amount, the greatest, the sum and the count, of which the greatest is on disk; and for each key and each hundred sequences what a window gave. A witness reads its log ten times a second, whatever happens meanwhile: each commit's position is the number of its records, no writer that was
// replaced has written, and all states, made of the log alone or asked of their partitions, are what the numbers up to the position of their batch make. In the end
// the position is the stream's last.
//
// # Seeing them fail
//
// Each test has failed with its protection taken out. What to take out, in a copy of the repository, and what the test says then:
//
//   - R-01 worker kill storm: in worker/process/links.go, Reset does not call Lost. "of 1780 numbers, these have not come".
//   - I2, in R-01: in connector/jetstream/spout.go, Next emits once more, without an id, what is delivered again (r.answer.delivered > 1). "I2 is broken: 127
//     duplicates, at most 107 may be".
//   - R-03 bounce of the cluster's NATS, and R-25: in transport/window.go, rewind does nothing, so that nothing is sent again. "no number has come".
//   - R-03 bounce of the streams' NATS: in connector/jetstream/sink.go, settle does not fail the tuple. "of 1920 numbers, these have not come".
//   - R-05 zombie Nimbus: two protections, of which each suffices. In cluster/store.go, publish has no condition, and in nimbus/lease.go, the term ends
//     an hour later. "topology.load at 7 in epoch 6: written by a leader of epoch 1".
//   - R-06 lost supervisor: in nimbus/nimbus.go, SupervisorTimeout is an hour. "others have taken the place of the workers". Or, in transport/peer.go,
//     remove does not call Reset, and in worker/process/tasks.go, link does not call Lost. "of 3310 numbers, these have not come".
//   - R-06 partition: in worker/slot.go, Lost tells no other worker. In some runs: "these have not come", and in the reports trees that are pending.
//   - R-06 partition, and that zombies are refused: in transport/node.go, SetPeers leaves the former peers among the peers (peers[id] = p instead of
//     p.remove). "it did not come to this: frames of the workers that were replaced are refused".
//   - R-25 half-open connection: in cluster/connect.go, PingInterval is 2 minutes. "the worker sees that its connection is dead".
//   - What is promised: as R-01, or as R-06.
//   - R-10 slow consumer: in transport/credit.go, take never refuses (if false). "by how much the sender grew": 70 MiB in 2 s.
//   - R-17 rescale, and R-21 clean stop: in nimbus/drain.go, next stops the workers at once (case true). "I2 is broken: 9 duplicates".
//   - R-18 backpressure: in worker/spouttask.go, pending is 100*w.opt.MaxSpoutPending. "trees that are pending": 1718, at most 100.
//   - R-21 clean stop, killed while starting: in nimbus/kill.go, remove does not discard the program. "within 1m0s it did not come to this: nothing is left
//     behind", and the program's digest.
//   - Replace: in nimbus/step.go, nextOfSwap has no undo once the workers are prepared (case false). "context deadline exceeded" instead of the refusal.
//   - Worker killed during a swap: in worker/process, neither links.go nor tasks.go calls Lost; or in nimbus/drain.go, note does not look at blank, which
//     shows once in some runs. "the drain has waited in vain for what the worker held": a pause of 10 s.
//   - Supervisor restart: in supervisor/adopt.go, find finds no process (true ||). "the workers live through it": their ids are others.
//   - Worker killed without its supervisor: in supervisor/launch.go, each life is 1; or without Lost, as before. "of 592 numbers, these have not come for 1m0s".
//   - The tally, staging (TestTallyUnderKills, also between the kills): in trident/staging.go, stage acks its packets before it appends. "state sum after batch 63 is map[...]; the numbers up to
//     the position 520 make map[...]".
//   - The tally, fencing (TestTallyZombieCoordinator, TestTallyZombiePartition): in trident/changelog/streamwrite.go, Append publishes without its condition. "the staged record 1136 is of attempt 1, and
//     the log was fenced at 713: a writer that was replaced has written".
//   - The tally, the commit's condition (TestTallyZombieCoordinator): the same for records of the kind Commit alone. "the commit record 1118 is of attempt 1, and the log was fenced at 827".
//   - The tally's window (TestTallyUnderKills, a worker of state): in trident/lane.go, closePipe leaves out l.pipe = nil, so that windows go on with what an attempt that has failed put into them.
//     "state tumbled after batch 36 is map[...]; the numbers up to the position ... make map[...]", and no other state.
//   - The tally's state on disk (TestTallyUnderKills, a worker of state): in trident/state/file.go, prepare says that the file needs nothing of the log (d.point.Base = 1 << 62, of a file whose
//     Origin is not 0). "state max after batch 76 is map[...]; the numbers up to the position 850 make map[...]".
//   - R-02 rounds: in trident/commit/pace.go, emit begins each attempt at the beginning of the sources (b.Positions = map[string][]byte{}). "the commit record 799, {txid:51 ... position:795 records:1595},
//     comes after {txid:50 ... position:800 records:800}".
//   - R-11 duplicate window: two protections, of which each suffices. In trident/jetstream/sinkwriter.go, refresh does nothing once there was a marker, and in sinkpublish.go the header
//     Nats-Expected-Last-Subject-Sequence is not set. "I2 is broken: 20 duplicates, at most 0 may be".
//   - R-12 torn batches (TestSinkKilledServer of trident/jetstream): in sinkpublish.go, publish gives the headers of an atomic batch to the last message alone, as one of one. Of 30996 records there are 31966.
//   - R-16 state is read by another build: in trident/form.go, checkForm does not compare (&& false). "it did not come to this: an error says state "count" has been kept as map: integer by
//     string ... went back to the former program".
//   - R-16 state moves with a rebalance: in trident/state/replay.go, stage looks for its own partition's number only (d.partition != r.p.o.Index). "state min: asked for k5, its partition says -546183".
//   - The tally whose log is trimmed (-long): in trident/changelog/streamwrite.go, purge deletes all marks of trims before the last (below = mark). "all workers run", and in the reports "is damaged: record
//     49321: it is missing".
//   - Damage that only one look of the witness finds (TestTallyWithoutFaults): in trident/state/recover.go, Recover returns badRecord once, of a state of one partition. "state "sum" is damaged: record 7".
//   - Damaged state: in trident/changelog/streamreader.go, ask goes on to the next record where one is missing. "it did not come to this: an error says stream GALE_STATE_tally is damaged".
package chaos
