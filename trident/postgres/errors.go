package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrWentBack means that the server has a lower txid than this writer had seen confirmed: it was restored from an older copy, or a replica
// without the last transactions took over, or somebody has deleted the row. Nothing is written until the writer is opened anew.
var ErrWentBack = errors.New("the database has lost batches that it had confirmed")

// ErrTransaction means that Insert has tried to end the transaction.
var ErrTransaction = errors.New("the transaction is ended by the sink, together with the txid: Insert must not do it")

// Error is what Apply, Applied and Open return when the server refuses something. It never has the URL or a password.
type Error struct {
	Doing string // what was being done, with the txid
	State string // Postgres's code of the error, SQLSTATE; empty when none came
	Hint  string // what to do about it, if that is known
	Err   error
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("postgres sink: %s: %v", e.Doing, e.Err)
	}
	return fmt.Sprintf("postgres sink: %s: %v; %s", e.Doing, e.Err, e.Hint)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func explain(doing string, err error) error {
	e := &Error{Doing: doing, Err: err}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		e.State = pg.Code
		e.Hint = hints[pg.Code]
	}
	return e
}

// Hints for what users meet. Codes are those of appendix A of Postgres's manual.
var hints = map[string]string{
	"28P01": "the password is wrong: see the option URL, or PGPASSWORD and PGPASSFILE",
	"28000": "the role may not log in from here: see pg_hba.conf of the server",
	"3D000": "create the database first",
	"42P01": "create the table first",
	"42501": "grant the role what it needs (see the package's doc for the table of the txids)",
	"25006": "this server is a replica, or read-only: the URL must name the primary (target_session_attrs=read-write)",
	"55P03": "another transaction holds a lock on the partition's row, or on a table: is another process writing this partition?",
}

// passing reports whether an error may be gone by itself, so that the same may be tried in a new transaction.
func passing(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return passingState(pg.Code)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	var connect *pgconn.ConnectError
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded, errBroken} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.As(err, &connect) || pgconn.SafeToRetry(err)
}

// passingState knows the classes 08 (connection), 40 (rollback: serialization, deadlock), 53 (resources), 57P (shutdown, crash),
// and locks not available, idle too long in a transaction, and what two writers that make the table at once meet.
func passingState(code string) bool {
	for _, class := range []string{"08", "40", "53", "57P"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return code == "55P03" || code == "25P03"
}
