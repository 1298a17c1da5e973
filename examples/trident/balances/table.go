package main

import (
	"context"
	"errors"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/postgres"
	"github.com/jackc/pgx/v5"
)

// tableSink writes balances into the table balances.
func tableSink(o options) trident.Sink[balance] {
	return postgres.Sink(postgres.Options[balance]{URL: o.postgres, Insert: upsert})
}

// upsert writes balances, each of another account, in the sink's transaction.
func upsert(ctx context.Context, tx pgx.Tx, changed []balance) error {
	accounts, cents := make([]string, len(changed)), make([]int64, len(changed))
	for i, b := range changed {
		accounts[i], cents[i] = b.Account, b.Cents
	}
	_, err := tx.Exec(ctx, `INSERT INTO balances SELECT * FROM unnest($1::text[], $2::bigint[])
		ON CONFLICT (account) DO UPDATE SET cents = excluded.cents`, accounts, cents)
	return err
}

// makeTable makes the table, unless it is there.
func makeTable(ctx context.Context, url string) error {
	return withPostgres(ctx, url, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE TABLE IF NOT EXISTS balances (account text PRIMARY KEY, cents bigint NOT NULL)")
		return err
	})
}

// readTable returns what the table has.
func readTable(ctx context.Context, url string) (all []balance, err error) {
	err = withPostgres(ctx, url, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, "SELECT account, cents FROM balances")
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[balance])
		return err
	})
	return all, err
}

// withPostgres leaves the URL out of errors: it may have a password.
func withPostgres(ctx context.Context, url string, f func(*pgx.Conn) error) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return errors.New("-postgres can't be understood; it must be like postgres://user@host:5432/database")
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }() // what was written is committed
	return f(c)
}
