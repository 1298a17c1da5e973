package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/nats-io/nats.go"
)

// recoveryKeys is how many keys the state has that is lost with its worker.
const recoveryKeys = 1_000_000

func tridentRecoveryCase() benchCase {
	c := millisCase("trident-recovery", 3000, recoverState)
	c.note = "from the last commit that was seen before kill -9 of the worker with the only partition, of 1 M keys, to the first after; the log is in JetStream, synced"
	return c
}

// recoverState returns for how long nothing is committed when the worker of the state's partition is killed.
func recoverState() (gap time.Duration, err error) {
	s, err := startSite(1, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	ctx, cancel := context.WithTimeout(context.Background(), failoverPatience)
	defer cancel()
	a, err := watchArrivals(s.nc)
	if err != nil {
		return 0, err
	}
	if err := s.submitOwn(ctx, recoveryTopology, 2); err != nil {
		return 0, err
	}
	last, err := a.last(ctx)
	if err != nil {
		return 0, err
	}
	if err := syscall.Kill(last.pid, syscall.SIGKILL); err != nil {
		return 0, err
	}
	return a.gap(ctx, last)
}

// declareRecovery declares a state of many keys, and, once it has them, tells of every batch that is committed.
func declareRecovery(b *topology.Builder) {
	numbers := trident.NewStream(b, "numbers", trident.Source[int64](numberSource{recoveryKeys, beat}))
	key := func(n int64) string { return keyOf(n, recoveryKeys) }
	counts := trident.PersistentAggregate(trident.GroupBy(numbers, key), "counts", trident.Count[int64]())
	beats := trident.Filter(numbers, func(n int64) bool { return n >= recoveryKeys })
	found := trident.StateQuery(beats, counts, key, func(n, count int64, _ bool) counted { return counted{n, count} })
	trident.PartitionPersist(found, "found", trident.Sink[counted](tellSink{}))
}

// counted is how often the key of a number was counted, when it was counted itself.
type counted struct{ Number, Count int64 }

// tellSink tells of every batch that is committed, as the sink of the flow topology does of every tuple.
type tellSink struct{}

func (tellSink) Kind() trident.Kind { return trident.Opaque }

func (tellSink) Open(context.Context, trident.SinkID) (trident.Writer[counted], error) {
	nc, err := nats.Connect(os.Getenv(urlVariable))
	return &tellWriter{nc}, err
}

type tellWriter struct{ nc *nats.Conn }

func (*tellWriter) Applied(context.Context) (uint64, error) { return 0, nil }

// Apply also looks whether what the state has is right: a state that works again with other counts doesn't.
func (w *tellWriter) Apply(_ context.Context, txid uint64, records []counted) error {
	for _, r := range records {
		if want := r.Number/recoveryKeys + 1; r.Count != want {
			return fmt.Errorf("batch %d: the key of number %d was counted %d times, not %d", txid, r.Number, r.Count, want)
		}
	}
	return w.nc.Publish(arrivalSubject, strconv.AppendInt(nil, int64(os.Getpid()), 10))
}

func (w *tellWriter) Close() error {
	w.nc.Close()
	return nil
}
