package main

import (
	"math"
	"time"
)

// rate makes rates of counters that only grow. The zero rate has seen none.
type rate struct {
	at   time.Time
	last map[string]uint64
}

// busiest returns the fastest growth per second since the last call. A counter that is new, or
// that went back because its device was replaced, is left out; it is NaN when none is
// left.
func (r *rate) busiest(now time.Time, counters map[string]uint64) float64 {
	seconds := now.Sub(r.at).Seconds()
	fastest := math.NaN()
	for name, n := range counters {
		before, seen := r.last[name]
		if !seen || n < before || seconds <= 0 {
			continue
		}
		// math.Max would keep the NaN.
		if grown := float64(n-before) / seconds; !(fastest > grown) {
			fastest = grown
		}
	}
	r.at, r.last = now, counters
	return fastest
}
