package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
)

// countLimit is the bare loop of the word counts: goroutines that split and count, each in a map of its own. Nothing is kept.
type countLimit struct{ counted atomic.Int64 }

func newCountLimit(plan) (load, error) { return &countLimit{}, nil }

func (l *countLimit) run(ctx context.Context) error {
	var running sync.WaitGroup
	for range readers {
		running.Go(func() { l.count(ctx) })
	}
	running.Wait()
	return nil
}

func (l *countLimit) count(ctx context.Context) {
	counts := map[string]int64{}
	for n := int64(0); ctx.Err() == nil; {
		words := int64(0)
		for range batchSize {
			for word := range strings.FieldsSeq(sentenceAt(n)) {
				counts[word]++
				words++
			}
			n++
		}
		l.counted.Add(words)
	}
}

func (l *countLimit) done() int64        { return l.counted.Load() }
func (*countLimit) latency() percentiles { return percentiles{} }
func (*countLimit) note() string         { return "" }
