package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ledger is the row of a partition in the table of the txids.
type ledger struct {
	table string // quoted
	id    trident.SinkID
}

func newLedger(table string, id trident.SinkID) ledger {
	return ledger{identifier(table).Sanitize(), id}
}

// prepare makes the table and the row, unless they are there.
func (l ledger) prepare(ctx context.Context, conn *pgx.Conn) error {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", l.table).Scan(&there); err != nil {
		return err
	}
	if !there {
		if err := l.create(ctx, conn); err != nil {
			return err
		}
	}
	return l.ensure(ctx, conn)
}

// create makes the table. IF NOT EXISTS still lets one of two who do it at once fail, with one of these codes.
func (l ledger) create(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+l.table+
		" (topology text, sink text, partition integer, txid bigint NOT NULL, PRIMARY KEY (topology, sink, partition))")
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "23505" || pg.Code == "42P07" || pg.Code == "42710") {
		return nil
	}
	return err
}

type executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func (l ledger) ensure(ctx context.Context, e executor) error {
	_, err := e.Exec(ctx, "INSERT INTO "+l.table+" (topology, sink, partition, txid) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING", l.id.Topology, l.id.Sink, l.id.Partition)
	return err
}

// lock takes the row for the transaction and returns its txid. It first bounds how long the transaction may wait for a lock, and how long it may
// be silent; and a commit must be on disk when it is confirmed.
func (l ledger) lock(ctx context.Context, tx pgx.Tx, wait, stall time.Duration) (txid uint64, err error) {
	b := &pgx.Batch{}
	b.Queue("SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true), set_config('synchronous_commit', "+
		"CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)", milliseconds(wait), milliseconds(stall))
	b.Queue("SELECT txid FROM "+l.table+" WHERE topology = $1 AND sink = $2 AND partition = $3 FOR UPDATE", l.id.Topology, l.id.Sink, l.id.Partition)
	results := tx.SendBatch(ctx, b)
	_, err = results.Exec()
	var stored int64
	if err == nil {
		err = results.QueryRow().Scan(&stored)
	}
	err = errors.Join(err, results.Close())
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("%w: the row (%s, %s, %d) of %s is gone", ErrWentBack, l.id.Topology, l.id.Sink, l.id.Partition, l.table)
	}
	return uint64(max(stored, 0)), err
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

func (l ledger) store(ctx context.Context, tx pgx.Tx, txid uint64) error {
	_, err := tx.Exec(ctx, "UPDATE "+l.table+" SET txid = $4 WHERE topology = $1 AND sink = $2 AND partition = $3", l.id.Topology, l.id.Sink, l.id.Partition, int64(txid))
	return err
}

// forget is the statement by which all partitions of the sink begin anew.
func (l ledger) forget() string {
	return fmt.Sprintf("DELETE FROM %s WHERE topology = %s AND sink = %s", l.table, literal(l.id.Topology), literal(l.id.Sink))
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
