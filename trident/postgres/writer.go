package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// writer writes for one partition. It belongs to the goroutine that calls it.
type writer[T any] struct {
	options Options[T]
	session session
	ledger  ledger
	highest uint64 // the highest txid that the server has confirmed to this writer
}

// errBroken marks an error during COMMIT: the outcome is not known, and the row is to be read again.
var errBroken = errors.New("the connection broke during COMMIT")

// Applied implements [trident.Writer]. It waits for a transaction that may still be under way.
func (w *writer[T]) Applied(ctx context.Context) (txid uint64, err error) {
	err = w.patiently(ctx, "read the last txid", func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			txid, err = w.lock(ctx, tx)
			return err
		})
	})
	return txid, err
}

// Apply implements [trident.Writer]. A batch without records leaves no trace.
func (w *writer[T]) Apply(ctx context.Context, txid uint64, records []T) error {
	if len(records) == 0 {
		return nil
	}
	return w.patiently(ctx, fmt.Sprintf("write txid %d", txid), func(ctx context.Context, conn *pgx.Conn) error {
		return w.apply(ctx, conn, txid, records)
	})
}

func (w *writer[T]) apply(ctx context.Context, conn *pgx.Conn, txid uint64, records []T) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after COMMIT it does nothing
	stored, err := w.lock(ctx, tx)
	if err != nil || stored >= txid {
		return err
	}
	if err := w.insert(ctx, tx, records); err != nil {
		return err
	}
	if err := w.ledger.store(ctx, tx, txid); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return unknown(err)
	}
	w.highest = txid
	return nil
}

// unknown marks what COMMIT returns as an unknown outcome, unless the server itself has refused.
func unknown(err error) error {
	if _, refused := errors.AsType[*pgconn.PgError](err); refused || errors.Is(err, pgx.ErrTxCommitRollback) {
		return err
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}

// lock locks the row, and finds out whether the server has lost what it had confirmed.
func (w *writer[T]) lock(ctx context.Context, tx pgx.Tx) (txid uint64, err error) {
	txid, err = w.ledger.lock(ctx, tx, w.options.Timeout, w.options.Stall)
	if err == nil && txid < w.highest {
		return 0, fmt.Errorf("%w: it has txid %d, and had %d", ErrWentBack, txid, w.highest)
	}
	w.highest = max(w.highest, txid)
	return txid, err
}

func (w *writer[T]) insert(ctx context.Context, tx pgx.Tx, records []T) error {
	if w.options.Insert != nil {
		return w.options.Insert(ctx, guarded{tx}, records)
	}
	_, err := tx.CopyFrom(ctx, identifier(w.options.Table), w.options.Columns, pgx.CopyFromSlice(len(records), func(i int) ([]any, error) {
		row := w.options.Row(records[i])
		if len(row) != len(w.options.Columns) {
			return nil, fmt.Errorf("record %d of %d: Row gives %d values, and there are %d Columns", i+1, len(records), len(row), len(w.options.Columns))
		}
		return row, nil
	}))
	return err
}

func (w *writer[T]) patiently(ctx context.Context, doing string, f func(context.Context, *pgx.Conn) error) error {
	if err := w.session.patiently(ctx, w.options.Patience, f); err != nil {
		return explain(doing, err)
	}
	return nil
}

// HowToForget implements [trident.Forgetting].
func (w *writer[T]) HowToForget() string {
	return "delete its txids from the database with `" + w.ledger.forget() + "`"
}

// Close implements [trident.Writer].
func (w *writer[T]) Close() error {
	w.session.close()
	return nil
}

// guarded is a transaction whose end is not its user's business. A nested one is.
type guarded struct{ pgx.Tx }

func (guarded) Commit(context.Context) error   { return ErrTransaction }
func (guarded) Rollback(context.Context) error { return ErrTransaction }
