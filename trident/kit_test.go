package trident_test

import (
	"strings"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/galestream/gale/trident"
	"github.com/stretchr/testify/require"
)

// TestUnderTheTestKit runs a Trident topology in simulated time, with faults: tuples that are lost, doubled and late.
func TestUnderTheTestKit(t *testing.T) {
	for seed := uint64(1); seed <= seeds(100); seed++ {
		b := topology.NewBuilder("kit")
		var lines []string
		for range 50 {
			lines = append(lines, "a b c", "a b", "a")
		}
		trident.Configure(b, trident.BatchRecords(7))
		words := trident.FlatMap(trident.NewStream(b, "lines", trident.Records(lines[:75], lines[75:])).Parallelism(2), strings.FieldsSeq)
		counts := trident.PersistentAggregate(trident.GroupBy(words, func(w string) string { return w }), "counts", trident.Count[string]()).Parallelism(2)
		got := &collecting[trident.Pair[string, int64]]{}
		trident.PartitionPersist(counts.Updates(), "got", got)
		h := topologytest.New(t, b, topologytest.Seed(seed), topologytest.Serialize(), topologytest.WithFaults(topologytest.Faults{Drop: 0.02, Duplicate: 0.02, Delay: 0.05, Panic: 0.01}))
		h.Run()
		last := map[string]int64{}
		for _, p := range got.records() {
			require.Greater(t, p.Value, last[p.Key], "seed %d: updates come in order, once", seed)
			last[p.Key] = p.Value
		}
		require.Equal(t, map[string]int64{"a": 150, "b": 100, "c": 50}, last, "seed %d", seed)
	}
}
