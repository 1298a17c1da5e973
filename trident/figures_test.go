package trident_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestFiguresTellOfBatches has a batch fail once, in a second life: what was committed before it is not counted again.
func TestFiguresTellOfBatches(t *testing.T) {
	log, lives := &kept{changelog.Memory()}, 0
	for life, want := range []struct{ records, attempts int64 }{{30, 2}, {20, 1}} {
		var bitten atomic.Bool
		b := topology.NewBuilder("figures")
		trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) { return log, nil }), trident.BatchRecords(5))
		commits(trident.Map(trident.NewStream(b, "events", trident.Records(risingEvents(30+20*life))), func(e event) event {
			if e.N == 13 && !bitten.Swap(true) {
				panic("poison")
			}
			return e
		}), "got")
		topo, err := b.Build()
		require.NoError(t, err)
		w, err := worker.New(topo, worker.Options{})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		require.NoError(t, w.Run(ctx))
		for _, task := range w.Snapshot().Tasks {
			if task.Component != trident.Coordinator {
				continue
			}
			require.Equal(t, want.records, task.Counters["records"])
			require.Equal(t, want.attempts, task.Counters["attempts"])
			batches := task.Counters["batches"]
			require.GreaterOrEqual(t, batches, want.records/5)
			require.EqualValues(t, batches, task.Own["commit.latency"].Count())
			lives++
		}
	}
	require.Equal(t, 2, lives)
}
