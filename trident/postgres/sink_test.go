package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestSinkWritesEachBatchOnce(t *testing.T) {
	r := newRig(t)
	w := r.open(r.options())
	require.Equal(t, trident.Opaque, postgres.Sink(r.options()).Kind())
	require.Zero(t, r.applied(w))
	require.NoError(t, w.Apply(r.ctx(), 1, batch(1)))
	require.NoError(t, w.Apply(r.ctx(), 2, batch(2)))
	require.NoError(t, w.Apply(r.ctx(), 2, batch(2)), "again")
	require.NoError(t, w.Apply(r.ctx(), 1, batch(1)), "long ago")
	require.NoError(t, w.Apply(r.ctx(), 3, nil))
	require.Equal(t, batches(2), r.rows())
	require.EqualValues(t, 2, r.applied(w))

	other := r.open(r.options())
	require.EqualValues(t, 2, r.applied(other))
	require.NoError(t, other.Apply(r.ctx(), 2, batch(2)), "by another process")
	require.NoError(t, other.Apply(r.ctx(), 3, batch(3)))
	require.NoError(t, w.Apply(r.ctx(), 3, batch(3)), "by the one that was replaced")
	require.Equal(t, batches(3), r.rows())
}

func TestPartitionsAndSinksAreApart(t *testing.T) {
	r := newRig(t)
	o := r.options()
	o.TxIDs = `public.of "ours"`
	for _, id := range []trident.SinkID{
		{Topology: "a", Sink: "s", Partition: 0}, {Topology: "a", Sink: "s", Partition: 1}, {Topology: "a", Sink: "r"}, {Topology: "b", Sink: "s"},
	} {
		w, err := postgres.Sink(o).Open(r.ctx(), id)
		require.NoError(t, err)
		require.Zero(t, r.applied(w))
		require.NoError(t, w.Apply(r.ctx(), 7, []row{{7, 0}}))
		require.NoError(t, w.Close())
	}
	require.Len(t, r.rows(), 4)
}

func TestTwoWritersAtOnceWriteABatchOnce(t *testing.T) {
	r := newRig(t)
	o := r.options()
	barrier := make(chan struct{}, 2)
	var once sync.Once
	o.Insert, o.Table = func(ctx context.Context, tx pgx.Tx, rows []row) error {
		once.Do(func() { <-barrier; <-barrier }) // the first holds the row until both have been called
		return insert(ctx, tx, rows)
	}, ""
	results, ctx := make(chan error), r.ctx()
	for range 2 {
		w := r.open(o)
		go func() {
			barrier <- struct{}{}
			results <- errors.Join(w.Apply(ctx, 1, batch(1)), w.Apply(ctx, 2, batch(2)))
		}()
	}
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	require.Equal(t, batches(2), r.rows())
}

func insert(ctx context.Context, tx pgx.Tx, rows []row) error {
	for _, x := range rows {
		if _, err := tx.Exec(ctx, "INSERT INTO out (txid, n) VALUES ($1, $2)", x.txid, x.n); err != nil {
			return err
		}
	}
	return nil
}

// inserting is a sink that works as insert does, and then calls f.
func (r *rig) inserting(f func(ctx context.Context, tx pgx.Tx) error) postgres.Options[row] {
	o := r.options()
	o.Table = ""
	o.Insert = func(ctx context.Context, tx pgx.Tx, rows []row) error {
		return errors.Join(insert(ctx, tx, rows), f(ctx, tx))
	}
	return o
}

func TestAStalledWriterIsEndedByTheServer(t *testing.T) {
	r := newRig(t)
	stalled, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	o := r.inserting(func(context.Context, pgx.Tx) error {
		once.Do(func() { close(stalled); <-release })
		return nil
	})
	o.Stall, o.Timeout = time.Second, time.Second
	zombie, result := r.open(o), make(chan error, 1)
	ctx := r.ctx()
	go func() { result <- zombie.Apply(ctx, 1, batch(1)) }()
	<-stalled

	w := r.open(r.options())
	require.NoError(t, w.Apply(r.ctx(), 1, batch(1)), "it waits for the lock, and gets it")
	require.NoError(t, w.Apply(r.ctx(), 2, batch(2)))
	close(release)
	require.NoError(t, <-result, "the zombie finds out that it is done")
	require.Equal(t, batches(2), r.rows())
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.exec("CREATE TABLE two (n int PRIMARY KEY); INSERT INTO two VALUES (1), (2)")
	calls := 0
	locked := make(chan struct{})
	o := r.inserting(func(ctx context.Context, tx pgx.Tx) error {
		calls++
		if _, err := tx.Exec(ctx, "SELECT * FROM two WHERE n = 1 FOR UPDATE"); err != nil || calls > 1 {
			return err
		}
		close(locked)
		for waiting := 0; waiting == 0; {
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&waiting); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "SELECT * FROM two WHERE n = 2 FOR UPDATE")
		return err
	})
	other, closed := r.conn()
	defer closed()
	tx, err := other.Begin(r.ctx())
	require.NoError(t, err)
	_, err = tx.Exec(r.ctx(), "SET LOCAL deadlock_timeout = '1min'; SELECT * FROM two WHERE n = 2 FOR UPDATE")
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() {
		<-locked
		_, err := tx.Exec(r.ctx(), "SELECT * FROM two WHERE n = 1 FOR UPDATE")
		result <- errors.Join(err, tx.Rollback(r.ctx()))
	}()
	require.NoError(t, r.open(o).Apply(r.ctx(), 1, batch(1)))
	require.NoError(t, <-result)
	require.Equal(t, 2, calls)
	require.Equal(t, batches(1), r.rows())
}

func TestInsertCanNotEndTheTransaction(t *testing.T) {
	r := newRig(t)
	w := r.open(r.inserting(func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) }))
	require.ErrorIs(t, w.Apply(r.ctx(), 1, batch(1)), postgres.ErrTransaction)
	require.Empty(t, r.rows())
}

func TestACommitIsOnDiskWhereTheRoleDoesNotAskForIt(t *testing.T) {
	r := newRig(t)
	r.exec("ALTER ROLE postgres SET synchronous_commit = off")
	var got string
	w := r.open(r.inserting(func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SHOW synchronous_commit").Scan(&got)
	}))
	require.NoError(t, w.Apply(r.ctx(), 1, batch(1)))
	require.Equal(t, "on", got)
}

func TestADatabaseThatWentBackIsAnError(t *testing.T) {
	r := newRig(t)
	w := r.open(r.options())
	require.NoError(t, w.Apply(r.ctx(), 5, batch(5)))
	r.exec("UPDATE gale_sink SET txid = 4")
	require.ErrorIs(t, w.Apply(r.ctx(), 6, batch(6)), postgres.ErrWentBack)
	r.exec("DELETE FROM gale_sink")
	require.ErrorIs(t, w.Apply(r.ctx(), 6, batch(6)), postgres.ErrWentBack)
	require.Equal(t, batch(5), r.rows())
}
