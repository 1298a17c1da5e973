package main

import (
	"fmt"
	"slices"
	"time"
)

// figure is what a probe has found. Less is better.
type figure struct {
	value   float64
	latency percentiles // of what it is of; may be 0
	note    string      // what else a reader must know; may be empty
}

// newProbeResult is the result of a case that is one figure: it has no limit beside it, and no tuples that CPU time is shared by.
func newProbeResult(c *benchCase, f figure) result {
	r := result{Case: c.name, Unit: c.unit, bar: c.bar, Value: round(f.value, 1), single: true, P50: round(f.latency.p50, 1), P99: round(f.latency.p99, 1), P999: round(f.latency.p999, 1)}
	r.addNotes(c.note, f.note)
	return r
}

// rounds is how often what takes a moment each time is measured.
const rounds = 5

// quick is a window that asks for a look only: one round.
const quick = time.Second

// median measures several times, and says how far apart the figures were.
func median(window time.Duration, once func() (time.Duration, error)) (figure, error) {
	n := rounds
	if window < quick {
		n = 1
	}
	var all []time.Duration
	for range n {
		d, err := once()
		if err != nil {
			return figure{}, err
		}
		all = append(all, d)
	}
	slices.Sort(all)
	return figure{value: millis(all[n/2]), note: fmt.Sprintf("the median of %d, from %.0f to %.0f", n, millis(all[0]), millis(all[n-1]))}, nil
}

func millis(d time.Duration) float64 { return float64(d) / 1e6 }

// millisCase is a probe of how long something takes.
func millisCase(name string, most float64, once func() (time.Duration, error)) benchCase {
	return benchCase{
		name: name, unit: "ms", bar: bar{most: most},
		probe: func(window time.Duration) (figure, error) { return median(window, once) },
	}
}
