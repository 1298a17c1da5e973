package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options say what a [Sink] writes, and where. Insert, or Table with Columns and Row, must be given; the zero values of the rest
// are ready.
type Options[T any] struct {
	// URL is where to connect, postgres://user:password@host:port/database?sslmode=..., or "host=... user=...". What it does not say
	// is taken from the environment, as libpq does. Empty means all of it.
	URL string
	// Insert writes the records of a batch, within the transaction, whose end is not its business. When it fails for something that may pass, such
	// as a deadlock, it is called again in another transaction.
	Insert func(ctx context.Context, tx pgx.Tx, records []T) error
	// Table, instead of Insert, is the table that rows are copied into (COPY), also as schema.table.
	Table string
	// Columns are the columns that Row gives.
	Columns []string
	// Row gives the values of a record, one for each of the Columns.
	Row func(record T) []any
	// TxIDs is the table of the txids, also as schema.table. Empty means gale_sink.
	TxIDs string
	// Timeout is how long connecting, or waiting for a lock, may take, at least 100 ms. 0 means 5 s.
	Timeout time.Duration
	// Stall is after how long the server ends a transaction whose writer says nothing, at least 1 s. 0 means 10 s. Encoding a batch
	// must be faster.
	Stall time.Duration
	// Patience is how long Open, Applied and Apply go on trying before they return an error that may pass. 0 means 30 s.
	Patience time.Duration
}

const (
	defaultTxIDs    = "gale_sink"
	defaultTimeout  = 5 * time.Second
	minTimeout      = 100 * time.Millisecond
	defaultStall    = 10 * time.Second
	minStall        = time.Second
	defaultPatience = 30 * time.Second
)

func (o Options[T]) withDefaults() Options[T] {
	o.TxIDs = cmp.Or(o.TxIDs, defaultTxIDs)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Stall = cmp.Or(o.Stall, defaultStall)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	return o
}

// check lists all that is wrong, after the defaults were filled in.
func (o Options[T]) check() error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("postgres sink: "+format, a...))
		}
	}
	refuse((o.Insert == nil) == (o.Table == ""), "give one of the options Insert and Table")
	refuse(o.Table != "" && (len(o.Columns) == 0 || o.Row == nil), "the option Table needs the options Columns and Row")
	refuse(o.Table != "" && !isTable(o.Table), "the option Table is %q; it must be table or schema.table", o.Table)
	refuse(!isTable(o.TxIDs), "the option TxIDs is %q; it must be table or schema.table", o.TxIDs)
	refuse(o.Timeout < minTimeout, "the option Timeout is %v; it must be at least %v", o.Timeout, minTimeout)
	refuse(o.Stall < minStall, "the option Stall is %v; it must be at least %v", o.Stall, minStall)
	refuse(o.Patience < 0, "the option Patience is %v; it must not be negative", o.Patience)
	if _, err := o.config(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// config leaves the parser's error out, which may cite the URL, and that may have a password.
func (o Options[T]) config() (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("postgres sink: the option URL can't be understood, or a variable PG... of the environment can't; " +
			"it must be like postgres://user:password@host:5432/database, with special characters of the password as %XX")
	}
	c.ConnectTimeout = o.Timeout
	return c, nil
}

func isTable(name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) <= 2 && !slices.Contains(parts, "") && !strings.Contains(name, "\x00")
}

func identifier(table string) pgx.Identifier { return strings.Split(table, ".") }
