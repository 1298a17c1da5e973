// Package postgres writes the records of a Trident sink to Postgres, each once, whatever fails.
//
// # In call order
//
//	sink := postgres.Sink(postgres.Options[Transfer]{
//		Table: "transfers", Columns: []string{"id", "cents"},
//		Row: func(t Transfer) []any { return []any{t.ID, t.Cents} },
//	})
//
// [Sink] is given to a Trident topology. Where to connect is said by [Options].URL, or by the environment, as libpq has it
// (PGHOST, PGUSER, PGPASSWORD, PGPASSFILE and so on), which keeps passwords out of programs.
//
// # What is guaranteed, and what it rests on
//
// The records of a batch and its txid are written in one transaction. The txid is in a row of the table gale_sink that is the partition's own, and the
// transaction begins by locking that row. So a batch that is there already is known by its txid, after any time
// and by any process; and two writers of one partition wait for each other, so the one that has been replaced finds its
// batch written. A writer that was stopped in the middle of a transaction is ended by the server after [Options].Stall, and its transaction
// with it.
//
// When the connection breaks during COMMIT nobody knows whether it took place. Then the row is locked anew, which waits until the server
// has ended the lost transaction, and read.
//
// It rests on a server that keeps what it has confirmed: synchronous_commit is turned on where it is off. A server that was restored from an older copy, or a
// replica that took over without the last transactions, is found out while the writer lives ([ErrWentBack]); else the batches
// since are written again from the topology's log, as far as it has them.
//
// # The table
//
//	CREATE TABLE gale_sink (topology text, sink text, partition integer, txid bigint NOT NULL, PRIMARY KEY (topology, sink, partition))
//
// It is made when there is none. Where the role may not do that, an administrator makes it, and grants SELECT, INSERT and
// UPDATE. A topology that is to begin anew under its old name needs its rows deleted.
//
// # Bounds
//
// A writer has one connection, which it opens again when it breaks, and no goroutine of its own.
package postgres
