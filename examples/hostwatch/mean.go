package main

import (
	"math"
	"time"
)

// mean is an exponentially weighted mean of samples at any distance from each other: what a
// sample counts for halves with each half-life that passes. The zero mean has seen none.
type mean struct {
	value float64
	at    time.Time
	begun bool
}

// add returns the mean with a further sample. With a half-life of 0 that is the sample itself. A
// sample that is no number leaves the mean as it is and returns NaN.
func (m *mean) add(at time.Time, x float64, halfLife time.Duration) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return math.NaN()
	}
	if !m.begun || halfLife <= 0 {
		*m = mean{x, at, true}
		return x
	}
	passed := max(at.Sub(m.at), 0) // a clock that was set back counts as no time
	kept := math.Exp2(-passed.Seconds() / halfLife.Seconds())
	m.value, m.at = kept*m.value+(1-kept)*x, at
	return m.value
}
