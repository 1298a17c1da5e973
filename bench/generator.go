package main

import (
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// generator says when tuples come due: one each interval, from start to the end of the plan,
// whatever becomes of those before.
type generator struct {
	interval time.Duration
	first    int64 // the number of the first tuple that is measured
	last     int64 // the number of the first that is not any more
	total    int64
	start    time.Time               // set by begin
	late     *hdrhistogram.Histogram // how late it woke, nanoseconds
	ended    chan struct{}
}

func newGenerator(perSecond int64, p plan) *generator {
	g := &generator{interval: time.Second / time.Duration(perSecond), late: newHistogram(), ended: make(chan struct{})}
	g.first = int64(p.warm / g.interval)
	g.last = g.first + int64(p.window/g.interval)
	g.total = g.last + int64(tail/g.interval)
	return g
}

// tail is how long the generator goes on after what is measured: the load must not end before
// those who watch it have seen its window to the end.
const tail = 500 * time.Millisecond

// measured reports whether tuple n is one of those that are measured.
func (g *generator) measured(n int64) bool { return n >= g.first && n < g.last }

// begin starts the generator. publish is called on the generator's own goroutine, each time that more tuples
// have come due, with how many have in all.
func (g *generator) begin(publish func(due int64)) {
	g.start = time.Now()
	go g.loop(publish)
}

// at returns when tuple n comes due, counted from the start.
func (g *generator) at(n int64) time.Duration { return time.Duration(n) * g.interval }

// loop has a thread of its own, whose timer is as precise as the kernel's. The thread ends with
// it, as it is not unlocked: nobody else is to have a thread with that setting.
func (g *generator) loop(publish func(due int64)) {
	defer close(g.ended)
	runtime.LockOSThread()
	sharpenTimer()
	for n := int64(0); n < g.total; {
		sleep(g.at(n) - time.Since(g.start))
		woke := time.Since(g.start)
		if woke < g.at(n) {
			continue // a signal woke it
		}
		if g.measured(n) {
			record(g.late, woke-g.at(n))
		}
		n = min(int64(woke/g.interval)+1, g.total)
		publish(n)
	}
}

// maxLatency is the longest latency that is told from longer ones.
const maxLatency = time.Minute

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(maxLatency), 3) }

func record(h *hdrhistogram.Histogram, d time.Duration) {
	if err := h.RecordValue(int64(min(max(d, 1), maxLatency))); err != nil {
		panic(err) // it fails out of range only
	}
}

func percentilesOf(h *hdrhistogram.Histogram) percentiles {
	micros := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1e3 }
	return percentiles{micros(50), micros(99), micros(99.9)}
}
