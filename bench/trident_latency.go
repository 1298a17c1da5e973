package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
)

// tridentRate is how many records a second come due.
const tridentRate = 20_000

func tridentLatencyCase(name, log string, where func() (place, error)) benchCase {
	return benchCase{
		name: name, unit: "us (p50)", metric: medianMicros, bar: bar{p50: 10_000, p99: 30_000},
		note: fmt.Sprintf("%d records/s are sentences whose words are counted; latency is from when one was due to its commit being visible; the log is %s; "+
			"the limit appends what is due to such a log, and then a commit, each synced", tridentRate, log),
		gale:  func(p plan) (load, error) { return newTridentLatency(tridentRate, p, where) },
		limit: func(p plan) (load, error) { return newAppendLimit(tridentRate, p, where) },
	}
}

// streamLog is a log in the JetStream of a server in this process, which syncs what it is given.
func streamLog() (place, error) {
	h, err := startHub()
	return place{h.log, h.stop}, unlessStarted(err, h.stop)
}

// tridentLatency counts the words of what comes due, and sees how late their commits are visible.
type tridentLatency struct {
	*board // of which only the counts are used
	meter  *latencyMeter
	source *dueSource
	worker *worker.Worker
	place  place
	shown  atomic.Int64 // records
}

func newTridentLatency(rate int64, p plan, where func() (place, error)) (_ *tridentLatency, err error) {
	g := newGenerator(rate, p)
	l := &tridentLatency{board: newBoard(p.warm), meter: newLatencyMeter(g), source: &dueSource{generator: g}}
	if l.place, err = where(); err != nil {
		return nil, err
	}
	b := topology.NewBuilder("latency")
	l.declare(b)
	if l.worker, err = newWorker(b); err != nil {
		return nil, errors.Join(err, l.place.remove())
	}
	return l, nil
}

func (l *tridentLatency) declare(b *topology.Builder) {
	trident.Configure(b, trident.InLog(l.place.open))
	due := trident.NewStream(b, "due", trident.Source[int64](l.source))
	countWords(trident.FlatMap(due, wordsOf), l.show, nil)
}

// show is called with committed counts. There is one source task, which reads in order: so they are those of the first records, and how
// many these are can be told by their words.
func (l *tridentLatency) show(pairs []trident.Pair[string, int64]) error {
	if err := l.counted(pairs); err != nil {
		return err
	}
	words := l.board.done()
	records := sentencesOf(words)
	if records < l.meter.seen {
		return fmt.Errorf("%d words are committed, which are not those of whole records, %d or more", words, l.meter.seen)
	}
	for n := l.meter.seen; n < records; n++ {
		l.meter.arrived(n)
	}
	l.shown.Store(records)
	return nil
}

// run goes on until all that came due is visible: to cut it short would leave out the latest.
func (l *tridentLatency) run(ctx context.Context) error {
	err := runToEnd(ctx, l.worker, func() {}, patience)
	if err == nil {
		<-l.source.ended
		want := map[string]int64{}
		addWords(want, l.source.total)
		err = errors.Join(l.meter.check(), l.check(want))
	}
	return errors.Join(err, l.place.remove())
}

func (l *tridentLatency) done() int64          { return l.shown.Load() }
func (l *tridentLatency) latency() percentiles { return percentilesOf(l.meter.times) }
func (l *tridentLatency) note() string         { return l.meter.lateness() }

// lateness tells how late the generator was.
func (g *generator) lateness() string {
	late := percentilesOf(g.late)
	return fmt.Sprintf("the generator itself woke late by p50 %.1f us, p99 %.1f us, which is in the latency", late.p50, late.p99)
}

// appendLimit is the bare loop: what has come due goes into a log, and then a commit of it.
type appendLimit struct {
	latencyLimit
	place place
	log   changelog.Log
}

func newAppendLimit(rate int64, p plan, where func() (place, error)) (_ load, err error) {
	l := &appendLimit{latencyLimit: latencyLimit{latencyMeter: newLatencyMeter(newGenerator(rate, p))}}
	if l.place, err = where(); err != nil {
		return nil, err
	}
	if l.log, err = l.place.open("limit"); err != nil {
		return nil, errors.Join(err, l.place.remove())
	}
	return l, nil
}

// run goes on until all that came due is in the log.
func (l *appendLimit) run(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	err := l.appendAll(ctx)
	<-l.ended
	return errors.Join(err, l.log.Close(), l.place.remove())
}

func (l *appendLimit) appendAll(ctx context.Context) error {
	attempt, err := l.log.Fence(ctx, nil)
	due := make(chan int64, l.total) // the generator never waits
	l.begin(func(n int64) { due <- n })
	for n := int64(0); n < l.total && err == nil; {
		upTo := <-due
		for len(due) > 0 {
			upTo = <-due
		}
		err = l.appendSome(ctx, attempt, upTo-n)
		for ; n < upTo; n++ {
			l.arrived(n)
		}
		l.counted.Store(n)
	}
	return errors.Join(err, l.check())
}

// deltaSize is about what a batch's counts take in the log, in bytes.
const deltaSize = 1 << 10

func (l *appendLimit) appendSome(ctx context.Context, attempt uint64, records int64) error {
	_, err := l.log.Append(ctx, attempt, changelog.Staged, make([]byte, min(deltaSize, 32*records)))
	if err == nil {
		_, err = l.log.Append(ctx, attempt, changelog.Commit, make([]byte, 64))
	}
	return err
}

func (l *appendLimit) note() string { return "" }
