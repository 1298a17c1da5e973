package offline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/internal/leak"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, leak.OfPut()) }

// patience is how long a topology may take to end.
const patience = 20 * time.Second

// kept is a log that stays when the topology closes it.
type kept struct{ changelog.Log }

func (kept) Close() error { return nil }

// run runs a topology over words until it has ended, and returns what it has left.
func run(t *testing.T, log changelog.Log, words string, declare func(s trident.Stream[string])) changelog.Log {
	t.Helper()
	b := topology.NewBuilder("over")
	trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) { return kept{log}, nil }))
	declare(trident.NewStream(b, "words", trident.Records(strings.Fields(words))))
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err())
	return log
}

func self(x string) string { return x }
