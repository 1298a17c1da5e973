package trident_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
)

// faultySink is a collecting sink whose writers first ask whether they may.
type faultySink[T any] struct {
	collecting[T]
	may func(txid uint64) error
}

func (s *faultySink[T]) Open(ctx context.Context, id trident.SinkID) (trident.Writer[T], error) {
	w, err := s.collecting.Open(ctx, id)
	return &faultyWriter[T]{w, s.may}, err
}

type faultyWriter[T any] struct {
	trident.Writer[T]
	may func(txid uint64) error
}

func (w *faultyWriter[T]) Apply(ctx context.Context, txid uint64, records []T) error {
	if err := w.may(txid); err != nil {
		return err
	}
	return w.Writer.Apply(ctx, txid, records)
}

func numbersTo(n int) []int64 {
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	return numbers
}

// TestASinkThatPanicsBesideAFile has the task begin anew, which opens the file of its state again.
func TestASinkThatPanicsBesideAFile(t *testing.T) {
	t.Setenv(changelog.Variable, "folder:"+t.TempDir())
	var panicked atomic.Bool
	sink := &faultySink[trident.Pair[int64, int64]]{may: func(uint64) error {
		if panicked.CompareAndSwap(false, true) {
			panic("once")
		}
		return nil
	}}
	runToEnd(t, func(b *topology.Builder) {
		trident.Configure(b, trident.BatchRecords(3))
		groups := trident.GroupBy(trident.NewStream(b, "numbers", trident.Records(numbersTo(20))), func(n int64) int64 { return n % 2 })
		counts := trident.PersistentAggregate(groups, "counts", trident.Count[int64](), trident.OnDisk())
		trident.PartitionPersist(counts.Updates(), "sink", sink)
	})
	require.True(t, panicked.Load())
	last := map[int64]int64{}
	for _, p := range sink.records() {
		require.Greater(t, p.Value, last[p.Key])
		last[p.Key] = p.Value
	}
	require.Equal(t, map[int64]int64{0: 10, 1: 10}, last)
}
