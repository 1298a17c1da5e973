package trident_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"
)

func TestSmoke(t *testing.T) {
	b := topology.NewBuilder("smoke")
	lines := trident.NewStream(b, "lines", trident.Records([]string{"a b c", "a b", "a"}))
	words := trident.FlatMap(lines, strings.FieldsSeq)
	counts := trident.PersistentAggregate(trident.GroupBy(words, func(w string) string { return w }), "counts", trident.Count[string]()).Parallelism(2)
	var mu sync.Mutex
	got := map[string]int64{}
	trident.Peek(counts.Updates(), func(p trident.Pair[string, int64]) {
		mu.Lock()
		defer mu.Unlock()
		got[p.Key] = p.Value
	})
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{Log: zaptest.NewLogger(t)})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err())
	require.Equal(t, map[string]int64{"a": 3, "b": 2, "c": 1}, got)
}
