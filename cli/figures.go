package cli

import (
	"fmt"
	"time"

	"github.com/galestream/gale/worker"
)

// componentFigures is how a component fares, as top and describe write it.
type componentFigures struct {
	Component   string  `json:"component"`
	Spout       bool    `json:"spout"`
	Tasks       int     `json:"tasks"`
	Rate        float64 `json:"rate"` // tuples a second: emitted by a spout, executed by a bolt; since the start, or lately
	Emitted     int64   `json:"emitted"`
	Executed    int64   `json:"executed"`
	Acked       int64   `json:"acked"`
	Failed      int64   `json:"failed"`
	TimedOut    int64   `json:"timed_out"`
	DeadLetters int64   `json:"dead_letters"`
	Restarts    int64   `json:"restarts"`
	Errors      int64   `json:"errors"`
	Waiting     int64   `json:"waiting"` // trees of a spout that are not complete, tuples in the inboxes of a bolt
	P50         int64   `json:"p50_ns"`  // of whole trees for spouts, of tuples for bolts; 0: none yet
	P99         int64   `json:"p99_ns"`
}

// figuresOf returns how the components fare, with rates since before, or since the start when before is nil.
func figuresOf(now, before *worker.Snapshot) []componentFigures {
	if before == nil {
		before = &worker.Snapshot{}
	}
	past := map[string]int64{}
	for _, c := range before.Components() {
		past[c.Component] = handled(&c)
	}
	all := []componentFigures{}
	for _, c := range now.Components() {
		f := figureOf(&c)
		f.Rate = perSecond(handled(&c)-past[c.Component], now.Uptime-before.Uptime)
		all = append(all, f)
	}
	return all
}

func figureOf(c *worker.ComponentSnapshot) componentFigures {
	latency, waiting := c.Process, c.Queued
	if c.Spout {
		latency, waiting = c.Complete, c.Pending
	}
	return componentFigures{
		Component: c.Component, Spout: c.Spout, Tasks: c.Tasks, Emitted: c.Emitted, Executed: c.Executed, Acked: c.Acked,
		Failed: c.Failed, TimedOut: c.TimedOut, DeadLetters: c.DeadLetters, Restarts: c.Restarted, Errors: c.Errors,
		Waiting: waiting, P50: latency.Quantile(0.5), P99: latency.Quantile(0.99),
	}
}

// handled is what rates count.
func handled(c *worker.ComponentSnapshot) int64 {
	if c.Spout {
		return c.Emitted
	}
	return c.Executed
}

func perSecond(n int64, in time.Duration) float64 {
	if n <= 0 || in <= 0 {
		return 0
	}
	return float64(n) / in.Seconds()
}

func figuresTable(all []componentFigures) *table {
	t := newTable("COMPONENT", "TASKS", "RATE", "EMITTED", "EXECUTED", "ACKED", "FAILED", "WAITING", "P50", "P99", "ERRORS")
	for _, f := range all {
		executed := fmt.Sprint(f.Executed)
		if f.Spout {
			executed = "-"
		}
		t.row(f.Component, f.Tasks, rate(f.Rate), f.Emitted, executed, f.Acked, f.Failed+f.TimedOut, f.Waiting, latency(f.P50), latency(f.P99), f.Errors)
	}
	return t
}

func rate(r float64) string {
	if r < 10 {
		return fmt.Sprintf("%.1f/s", r)
	}
	return fmt.Sprintf("%.0f/s", r)
}

func latency(nanos int64) string {
	if nanos == 0 {
		return "-"
	}
	d := time.Duration(nanos)
	for unit := time.Nanosecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}
