package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/postgres"
	"github.com/galestream/gale/trident/postgres/postgrestest"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// guard is for tests that would otherwise hang: none waits for it when all is well.
const guard = 60 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type row struct {
	txid, n int64
}

// rig is a server with a table that takes rows, also doubled ones.
type rig struct {
	t *testing.T
	*postgrestest.Server
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t, postgrestest.Start(t)}
	r.exec("CREATE TABLE out (id bigserial, txid bigint, n bigint)")
	return r
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), guard)
	r.t.Cleanup(cancel)
	return ctx
}

// conn is a connection of the test's own, until the function returned is called.
func (r *rig) conn() (*pgx.Conn, func()) {
	r.t.Helper()
	c, err := pgx.Connect(r.ctx(), r.URL())
	require.NoError(r.t, err)
	return c, func() { _ = c.Close(context.Background()) }
}

func (r *rig) exec(sql string, args ...any) {
	r.t.Helper()
	c, closed := r.conn()
	defer closed()
	_, err := c.Exec(r.ctx(), sql, args...)
	require.NoError(r.t, err)
}

// rows are what the table has, in the order of insertion.
func (r *rig) rows() (all []row) {
	r.t.Helper()
	c, closed := r.conn()
	defer closed()
	rows, err := c.Query(r.ctx(), "SELECT txid, n FROM out ORDER BY id")
	require.NoError(r.t, err)
	all, err = pgx.CollectRows(rows, func(x pgx.CollectableRow) (one row, err error) { return one, x.Scan(&one.txid, &one.n) })
	require.NoError(r.t, err)
	return all
}

func (r *rig) options() postgres.Options[row] {
	return postgres.Options[row]{
		URL: r.URL(), Table: "public.out", Columns: []string{"txid", "n"}, Row: func(x row) []any { return []any{x.txid, x.n} },
	}
}

var id = trident.SinkID{Topology: "bank", Sink: "out", Partition: 3}

func (r *rig) open(o postgres.Options[row]) trident.Writer[row] {
	r.t.Helper()
	w, err := postgres.Sink(o).Open(r.ctx(), id)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, w.Close()) })
	return w
}

func (r *rig) applied(w trident.Writer[row]) uint64 {
	r.t.Helper()
	txid, err := w.Applied(r.ctx())
	require.NoError(r.t, err)
	return txid
}

// batch is what a txid has: some rows, the same each time.
func batch(txid uint64) (rows []row) {
	for n := range int64(txid%7 + 1) {
		rows = append(rows, row{int64(txid), n})
	}
	return rows
}

// batches are those of the txids up to last, in a row.
func batches(last uint64) (rows []row) {
	for txid := range last {
		rows = append(rows, batch(txid+1)...)
	}
	return rows
}
