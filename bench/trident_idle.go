package main

import (
	"context"
	"fmt"
	"time"
)

const (
	sparseRate   = 5 // records a second
	sparseWindow = 3 * time.Second
)

// tridentIdleCase tells how soon the commit of a record is visible that comes when there is nothing else to do.
func tridentIdleCase() benchCase {
	return benchCase{name: "trident-idle", unit: "ms (p99)", bar: bar{most: 10}, probe: sparseFigure}
}

func sparseFigure(window time.Duration) (f figure, err error) {
	l, err := newTridentLatency(sparseRate, plan{warm: time.Second, window: max(window, sparseWindow)}, folderLog)
	if err != nil {
		return f, err
	}
	if err := l.run(context.Background()); err != nil {
		return f, err
	}
	p := l.latency()
	return figure{
		value: p.p99 / 1e3, latency: p,
		note: fmt.Sprintf("of %d records, %d a second, to their commit in a synced file being visible; p50 %.2f ms; %s", l.meter.times.TotalCount(), sparseRate, p.p50/1e3, l.note()),
	}, nil
}
