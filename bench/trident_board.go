package main

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/galestream/gale/trident"
)

// board is what can be seen of a word count from outside: what is committed, and no more.
type board struct {
	warm time.Duration // how long after the first commit latencies don't count

	mu     sync.Mutex // guards all below
	counts map[string]int64
	words  int64
	times  *hdrhistogram.Histogram // from reading to its commit being visible
	first  time.Time               // when something was committed first
	warmed bool
}

func newBoard(warm time.Duration) *board {
	return &board{warm: warm, counts: map[string]int64{}, times: newHistogram()}
}

// counted takes values of the state that are committed.
func (o *board) counted(pairs []trident.Pair[string, int64]) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range pairs {
		o.words += p.Value - o.counts[p.Key]
		o.counts[p.Key] = p.Value
	}
	return nil
}

// seen takes the times at which records were read whose commit is visible now.
func (o *board) seen(stamps []int64) error {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.first.IsZero() {
		o.first = now
	}
	if !o.warmed && now.Sub(o.first) >= o.warm {
		o.warmed = true
		o.times.Reset()
	}
	for _, read := range stamps {
		record(o.times, time.Duration(now.UnixNano()-read))
	}
	return nil
}

func (o *board) done() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.words
}

func (o *board) latency() percentiles {
	o.mu.Lock()
	defer o.mu.Unlock()
	return percentilesOf(o.times)
}

func (o *board) tally() tally {
	p := o.latency()
	o.mu.Lock()
	defer o.mu.Unlock()
	return tally{Units: o.words, P50: p.p50, P99: p.p99, P999: p.p999, Words: maps.Clone(o.counts)}
}

// check compares what is committed with what was read.
func (o *board) check(want map[string]int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if maps.Equal(o.counts, want) {
		return nil
	}
	return fmt.Errorf("what is committed is not what was read: %v, not %v", o.counts, want)
}

// visible is a sink of one partition, that calls f with what is committed.
type visible[T any] struct {
	f       func(records []T) error
	opened  func() error // may be nil
	applied uint64
}

func (*visible[T]) Kind() trident.Kind { return trident.Opaque }

func (v *visible[T]) Open(context.Context, trident.SinkID) (trident.Writer[T], error) {
	if v.opened == nil {
		return v, nil
	}
	return v, v.opened()
}

func (v *visible[T]) Applied(context.Context) (uint64, error) { return v.applied, nil }

func (v *visible[T]) Apply(_ context.Context, txid uint64, records []T) error {
	if err := v.f(records); err != nil {
		return err
	}
	v.applied = txid
	return nil
}

func (*visible[T]) Close() error { return nil }
