package trident_test

import (
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestAStateOfAnotherTypeIsRefused has two programs share a log: what the second can't read as it was written ends it.
func TestAStateOfAnotherTypeIsRefused(t *testing.T) {
	type amounts struct{ Sum, Count int64 }
	self := func(x string) string { return x }
	length := func(x string) int { return len(x) }
	count := func(g trident.Grouped[string, string]) {
		trident.PersistentAggregate(g, "counts", trident.Count[string]())
	}
	for name, c := range map[string]struct {
		second func(s trident.Stream[string])
		text   string
	}{
		"the same": {func(s trident.Stream[string]) { count(trident.GroupBy(s, self)) }, ""},
		"another integer": {func(s trident.Stream[string]) {
			trident.PersistentAggregate(trident.GroupBy(s, self), "counts", trident.Sum(length))
		}, ""},
		"an unsigned one": {func(s trident.Stream[string]) {
			trident.PersistentAggregate(trident.GroupBy(s, self), "counts", trident.Sum(func(string) uint8 { return 1 }))
		}, "integer by string"},
		"a struct": {func(s trident.Stream[string]) {
			trident.Update(trident.GroupBy(s, self), "counts", func(_ string, a amounts, _ bool, _ []string) (amounts, bool) { return a, true })
		}, "would keep it as map: struct by string"},
		"another key": {func(s trident.Stream[string]) {
			trident.PersistentAggregate(trident.GroupBy(s, length), "counts", trident.Count[string]())
		}, "by integer of 8 bytes"},
		"another kind": {func(s trident.Stream[string]) {
			trident.PersistentAggregateAll(s, "counts", trident.Count[string]())
		}, "value: integer"},
	} {
		t.Run(name, func(t *testing.T) {
			log := changelog.Memory()
			run := func(declare func(s trident.Stream[string])) error {
				b := topology.NewBuilder("types")
				trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) { return kept{log}, nil }))
				declare(trident.NewStream(b, "words", trident.Records([]string{"a", "b"})))
				topo, err := b.Build()
				require.NoError(t, err)
				w, err := worker.New(topo, worker.Options{})
				require.NoError(t, err)
				return w.Run(t.Context())
			}
			require.NoError(t, run(func(s trident.Stream[string]) { count(trident.GroupBy(s, self)) }))
			err := run(c.second)
			if c.text == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, `state "counts" has been kept as map: integer by string`)
			require.ErrorContains(t, err, c.text)
		})
	}
}
