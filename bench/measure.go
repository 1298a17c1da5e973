package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"time"
)

// load is what is measured: a topology on the runtime, or the bare loop beside it.
type load interface {
	// run works until ctx is done, and returns when nothing of it runs any more.
	run(ctx context.Context) error
	// done returns how many units are done so far. It may be called from any goroutine.
	done() int64
	// latency returns the percentiles of latency. It is called after run.
	latency() percentiles
	// note returns what else a reader must know of this run, or "". It is called after run.
	note() string
}

// plan is how long a load works.
type plan struct {
	warm   time.Duration // before it is measured
	window time.Duration // while it is measured
}

// minWindow is the shortest time in which something is certain to be done, on a busy machine too.
const minWindow = 100 * time.Millisecond

// maxWarm is how long the runtime warms up: batches grow, the heap settles.
const maxWarm = time.Second

func newPlan(window time.Duration) plan {
	return plan{warm: min(window, maxWarm), window: window}
}

// percentiles of a latency, in microseconds.
type percentiles struct{ p50, p99, p999 float64 }

// sample is what was seen of a load over its window.
type sample struct {
	units   int64
	took    time.Duration
	cpu     time.Duration
	mallocs uint64
	latency percentiles
	note    string
}

func perSecond(s sample) float64 { return float64(s.units) / s.took.Seconds() }

func medianMicros(s sample) float64 { return s.latency.p50 }

var errNothing = errors.New("nothing was done in the measured time")

// observe runs a load as planned.
func observe(start func(plan) (load, error), p plan, labels pprof.LabelSet) (s sample, err error) {
	l, err := start(p)
	if err != nil {
		return s, err
	}
	runtime.GC() // the garbage of the load before is not this one's
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go pprof.Do(ctx, labels, func(ctx context.Context) { ended <- l.run(ctx) })
	if s, err = watch(l, p, ended); err != nil {
		return s, err
	}
	stop()
	if err := <-ended; err != nil {
		return s, err
	}
	s.latency, s.note = l.latency(), l.note()
	return s, nil
}

// watch lets a load warm up, and takes what it does and costs over the window.
func watch(l load, p plan, ended <-chan error) (s sample, err error) {
	if err := pass(p.warm, ended); err != nil {
		return s, err
	}
	// Usage is read outside of what is counted, because it stops the world for a moment.
	cpu, mallocs := cpuTime(), totalMallocs()
	began, before := time.Now(), l.done()
	if err := pass(p.window, ended); err != nil {
		return s, err
	}
	s.took, s.units = time.Since(began), l.done()-before
	s.cpu, s.mallocs = cpuTime()-cpu, totalMallocs()-mallocs
	if s.units == 0 {
		err = errNothing
	}
	return s, err
}

var errEarly = errors.New("the load ended before its time")

// pass waits, unless the load ends before.
func pass(d time.Duration, ended <-chan error) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-ended:
		return errors.Join(errEarly, err)
	}
}

// measure runs the limit, the case, and the limit again: what slows the machine slows both.
func (c *benchCase) measure(window time.Duration) (result, error) {
	if c.probe != nil {
		f, err := c.probe(window)
		return newProbeResult(c, f), err
	}
	half := max(window/2, minWindow)
	before, err := c.observe("limit", c.limit, half)
	if err != nil {
		return result{}, err
	}
	s, err := c.observe("gale", c.gale, window)
	if err != nil {
		return result{}, err
	}
	after, err := c.observe("limit", c.limit, half)
	if err != nil {
		return result{}, err
	}
	r := newResult(c, s, (c.metric(before)+c.metric(after))/2)
	for _, also := range c.also {
		note, err := also(window)
		if err != nil {
			return r, err
		}
		r.addNotes(note)
	}
	return r, nil
}

func (c *benchCase) observe(what string, start func(plan) (load, error), window time.Duration) (sample, error) {
	s, err := observe(start, newPlan(window), pprof.Labels("case", c.name, "load", what))
	if err != nil {
		return s, fmt.Errorf("%s: %w", what, err)
	}
	return s, nil
}
