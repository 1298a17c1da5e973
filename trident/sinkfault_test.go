package trident_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
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

// reports is a log of errors that tells when there is another.
type reports struct {
	logs    *observer.ObservedLogs
	changed chan struct{}
}

func newReports() (*zap.Logger, *reports) {
	core, logs := observer.New(zap.ErrorLevel)
	r := &reports{logs, make(chan struct{}, 1)}
	return zap.New(core, zap.Hooks(func(zapcore.Entry) error {
		select {
		case r.changed <- struct{}{}:
		default:
		}
		return nil
	})), r
}

// await waits until something was reported with the text.
func (r *reports) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, r.changed, func() bool {
		for _, e := range r.logs.All() {
			if err, _ := e.ContextMap()["error"].(string); strings.Contains(err, text) {
				return true
			}
		}
		return false
	})
}

// TestASinkThatHasGoneBackIsAnError has a sink lose two batches that it had, as a database does when a replica that is behind takes over. They may be gone from the log, too.
func TestASinkThatHasGoneBackIsAnError(t *testing.T) {
	log, sink := &kept{changelog.Memory()}, &collecting[int64]{}
	declare := func(n int) func(b *topology.Builder) {
		return func(b *topology.Builder) {
			trident.Configure(b, trident.BatchRecords(1), trident.InLog(func(string) (changelog.Log, error) { return log, nil }))
			trident.PartitionPersist(trident.NewStream(b, "numbers", trident.Records(numbersTo(n))), "sink", sink)
		}
	}
	runToEnd(t, declare(10))
	sink.last[0] = 1
	b := topology.NewBuilder("back")
	declare(12)(b)
	logger, reported := newReports()
	stop := startWith(t, b, worker.Options{Log: logger})
	reported.await(t, `sink "sink": partition 0: it has batches up to 1, and had them up to`)
	stop()
	require.Len(t, sink.records(), 10)
	sink.last[0] = 0 // as if it had been told to forget
	runToEnd(t, declare(12))
	all := sink.records()
	require.Equal(t, []int64{10, 11}, all[len(all)-2:])
}

// TestASinkThatRemembersAnotherLifeIsAnError has a sink with batches that were never committed in this log: it would pass over those with the same numbers.
func TestASinkThatRemembersAnotherLifeIsAnError(t *testing.T) {
	b := topology.NewBuilder("life")
	sink := &collecting[int64]{last: map[int]uint64{0: 2}}
	trident.Configure(b, trident.BatchRecords(1))
	trident.PartitionPersist(trident.NewStream(b, "numbers", trident.Records(numbersTo(9))), "sink", sink)
	log, reported := newReports()
	stop := startWith(t, b, worker.Options{Log: log})
	reported.await(t, `sink "sink": partition 0: it has batches up to 2, and only 0 are committed`)
	stop()
	require.Empty(t, sink.records())
}

// TestASinkThatFailsHoldsBatchesBack has a sink that takes nothing for a while: what waits for it is bounded, and comes when it takes it again.
func TestASinkThatFailsHoldsBatchesBack(t *testing.T) {
	var up atomic.Bool
	got := make(chan struct{}, 1)
	sink := &faultySink[int64]{may: func(uint64) error {
		if !up.Load() {
			return errors.New("the sink is down")
		}
		select {
		case got <- struct{}{}:
		default:
		}
		return nil
	}}
	b := topology.NewBuilder("down")
	trident.Configure(b, trident.BatchRecords(1))
	trident.PartitionPersist(trident.NewStream(b, "numbers", trident.Records(numbersTo(100), nil)), "sink", sink)
	trident.Answer(trident.NewQuery(b, "idle"))
	log, reported := newReports()
	a := startAsker(t, b, worker.Options{Log: log})
	reported.await(t, "can't begin: sink \"sink\": partition 0: batch 1: the sink is down")
	text, err := a.ask(trident.Coordinator, trident.StatesEndpoint, "")
	require.NoError(t, err)
	var o trident.Overview
	require.NoError(t, json.Unmarshal([]byte(text), &o))
	require.Less(t, o.TxID, uint64(50))
	up.Store(true)
	eventually(t, got, func() bool { return len(sink.records()) == 100 })
	require.Equal(t, numbersTo(100), sink.records())
}
