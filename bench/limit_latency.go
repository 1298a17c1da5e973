package main

import (
	"context"
	"sync/atomic"
)

// latencyLimit is the bare loop of the latency case: the same generator, one channel, one goroutine.
type latencyLimit struct {
	*latencyMeter
	counted atomic.Int64
}

func newLatencyLimit(p plan) (load, error) {
	return &latencyLimit{latencyMeter: newLatencyMeter(newGenerator(latencyRate, p))}, nil
}

// run goes on until all that came due has arrived.
func (l *latencyLimit) run(context.Context) error {
	due := make(chan int64, batchSize)
	l.begin(func(n int64) { due <- n })
	for n := int64(0); n < l.total; {
		for upTo := <-due; n < upTo; n++ {
			l.arrived(n)
		}
		l.counted.Store(n)
	}
	<-l.ended
	return l.check()
}

func (l *latencyLimit) done() int64          { return l.counted.Load() }
func (l *latencyLimit) latency() percentiles { return percentilesOf(l.times) }
