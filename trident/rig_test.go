package trident_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// seeds is how many of n seeds a test tries: a fifth of them where tests are to be short.
func seeds(n uint64) uint64 {
	if testing.Short() {
		return n / 5
	}
	return n
}

// runToEnd runs a topology whose sources end, with all that goes from task to task encoded, until it has ended.
func runToEnd(t require.TestingT, declare func(b *topology.Builder)) {
	runToEndWith(t, worker.Options{SerializeEveryHop: true}, declare)
}

func runToEndWith(t require.TestingT, o worker.Options, declare func(b *topology.Builder)) {
	b := topology.NewBuilder("operators")
	declare(b)
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, o)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err(), "the topology has not ended")
}

// committed is a sink that remembers what was committed, by batch.
type committed[T any] struct {
	mu sync.Mutex
	of map[trident.SinkID]map[uint64][]T

	changed chan struct{} // has something after each batch that was committed, unless it is nil
}

// commits has what is committed of a stream kept by a sink of the name.
func commits[T any](s trident.Stream[T], name string) *committed[T] {
	c := newCommitted[T]()
	trident.PartitionPersist[T](s, name, c)
	return c
}

func newCommitted[T any]() *committed[T] {
	return &committed[T]{of: map[trident.SinkID]map[uint64][]T{}}
}

func (c *committed[T]) Kind() trident.Kind { return trident.Opaque }

func (c *committed[T]) Open(_ context.Context, id trident.SinkID) (trident.Writer[T], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[id] == nil {
		c.of[id] = map[uint64][]T{}
	}
	return &committing[T]{c, id}, nil
}

// batches returns what each batch gave, of those that gave something, in their order.
func (c *committed[T]) batches() (batches [][]T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[uint64][]T{}
	for _, byTxID := range c.of {
		for txid, records := range byTxID {
			all[txid] = append(all[txid], records...)
		}
	}
	for _, txid := range slices.Sorted(maps.Keys(all)) {
		batches = append(batches, all[txid])
	}
	return batches
}

func (c *committed[T]) all() []T { return slices.Concat(c.batches()...) }

// tasks returns how many tasks have given something.
func (c *committed[T]) tasks() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, byTxID := range c.of {
		if len(byTxID) > 0 {
			n++
		}
	}
	return n
}

type committing[T any] struct {
	c  *committed[T]
	id trident.SinkID
}

func (w *committing[T]) Applied(context.Context) (uint64, error) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	return slices.Max(append(slices.Collect(maps.Keys(w.c.of[w.id])), 0)), nil
}

func (w *committing[T]) Apply(_ context.Context, txid uint64, records []T) error {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.of[w.id][txid] = slices.Clone(records)
	select {
	case w.c.changed <- struct{}{}:
	default: // it has something, or nobody looks
	}
	return nil
}

func (w *committing[T]) Close() error { return nil }

// shape is how a stream is run: records a batch, and tasks before and behind the operator under test.
type shape struct{ batch, before, behind int }

var shapes = []shape{{1, 1, 1}, {1000, 1, 1}, {1, 3, 2}, {7, 2, 4}, {1000, 4, 3}}

// through runs records through an operator, and returns the results of each batch that has some. The records are cut into batches in their order, and shared
// out by turns among the tasks before the operator.
func through[T, R any](t require.TestingT, sh shape, records []T, operator func(s trident.Stream[T]) trident.Stream[R]) [][]R {
	var got *committed[R]
	runToEnd(t, func(b *topology.Builder) {
		trident.Configure(b, trident.BatchRecords(sh.batch))
		s := trident.NewStream(b, "records", trident.Records(records))
		s = trident.Repartition(s, inTurns[T]()).Parallelism(sh.before)
		got = commits(operator(s), "results")
	})
	return got.batches()
}

// inTurns shares out single records.
func inTurns[T any]() trident.Partitioning[T] {
	next := 0
	return trident.Custom(func(_ T, tasks int) int {
		next++
		return next % tasks
	})
}

// inBatches cuts records as the source does.
func inBatches[T any](sh shape, records []T) [][]T {
	return slices.Collect(slices.Chunk(records, sh.batch))
}

// sorted are the batches with their results in order.
func sorted[R any](batches [][]R, compare func(a, b R) int) [][]R {
	for _, b := range batches {
		slices.SortFunc(b, compare)
	}
	return batches
}

func byKeyThenValue[K cmp.Ordered, V cmp.Ordered](a, b trident.Pair[K, V]) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
}

// eventually waits for what another goroutine brings about; changed is sent to when it may have.
func eventually(t *testing.T, changed <-chan struct{}, reached func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for !reached() {
		select {
		case <-changed:
		case <-timeout:
			require.FailNow(t, "it has not come to that")
		}
	}
}
