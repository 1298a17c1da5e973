package postgres_test

import (
	"testing"

	"github.com/galestream/gale/trident/postgres"
	"github.com/stretchr/testify/require"
)

func TestNoPasswordInErrors(t *testing.T) {
	r := newRig(t)
	for name, url := range map[string]string{
		"wrong password": r.URLOf("postgres", "s3cr3t"),
		"bad escape":     "postgres://u:s3cr3t%zz@h/d",
		"bad port":       "postgres://u:s3cr3t@h:port/d",
		"bad setting":    "host=h password=s3cr3t sslmode=perhaps",
		"no server":      "postgres://u:s3cr3t@127.0.0.1:1/d?connect_timeout=1",
	} {
		t.Run(name, func(t *testing.T) {
			o := r.options()
			o.URL, o.Patience = url, 1
			_, err := postgres.Sink(o).Open(r.ctx(), id)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	r := newRig(t)
	o := r.options()
	o.URL = r.URLOf("postgres", "wrong")
	_, err := postgres.Sink(o).Open(r.ctx(), id)
	var e *postgres.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "28P01", e.State)
	require.Contains(t, e.Error(), "the password is wrong")

	o = r.options()
	o.Table = "nowhere"
	require.ErrorAs(t, r.open(o).Apply(r.ctx(), 1, batch(1)), &e)
	require.Equal(t, "42P01", e.State)
	require.Contains(t, e.Error(), "create the table first")

	o = r.options()
	o.Row = func(row) []any { return nil }
	require.ErrorContains(t, r.open(o).Apply(r.ctx(), 1, batch(1)), "record 1 of 2: Row gives 0 values, and there are 2 Columns")
	require.Empty(t, r.rows())
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := postgres.Sink(postgres.Options[row]{Table: "a.b.c", TxIDs: ".", Timeout: 1, Stall: 1, Patience: -1}).Open(t.Context(), id)
	for _, want := range []string{"needs the options Columns and Row", "Table is", "TxIDs is", "Timeout is", "Stall is", "Patience is"} {
		require.ErrorContains(t, err, want)
	}
	_, err = postgres.Sink(postgres.Options[row]{}).Open(t.Context(), id)
	require.ErrorContains(t, err, "give one of the options Insert and Table")
}
