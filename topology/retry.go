package topology

import (
	"fmt"
	"math"
	"time"
)

// DeadLetterStream is the stream on which a component with a retry policy emits what
// the policy has given up, with the fields of [DeadLetterFields]. It need not be
// declared. A bolt subscribes to it as to [DeadLetters](component).
const DeadLetterStream = "dead-letter"

// DeadLetterFields are the fields of dead letters: cause is the last error (a string),
// attempts how often the tuple was tried (an int64), source the "component:stream"
// it came from (a string), values its values (a list).
var DeadLetterFields = []string{"cause", "attempts", "source", "values"}

// Retry says how often and when a tuple that has failed is tried again, before it
// becomes a dead letter. A dead letter is counted and, where nothing subscribes
// to it, reported with its cause. The zero Retry tries 3 times, about 100 ms and 200 ms apart.
type Retry struct {
	// Attempts is how often a tuple is tried in all, at most 10000; 0 means 3, 1 means no retry.
	Attempts int
	// Backoff is the pause before the second attempt; it doubles with each further one
	// up to MaxBackoff. 0 means 100 ms and 10 s.
	Backoff, MaxBackoff time.Duration
	// Jitter is the share of the pause that is random, in [0, 1]: the pause lies
	// between (1-Jitter) and 1 times what it would be. 0 means 0.5, below 0 means none.
	Jitter float64
	// Held is how many tuples of a task may wait for their next attempt; while there are
	// as many the task takes no others. 0 means 1024.
	Held int
}

// WithDefaults returns r with its zero fields replaced by what they mean.
func (r Retry) WithDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 3
	}
	if r.Backoff == 0 {
		r.Backoff = 100 * time.Millisecond
	}
	if r.MaxBackoff == 0 {
		r.MaxBackoff = max(10*time.Second, r.Backoff)
	}
	if r.Jitter == 0 {
		r.Jitter = 0.5
	}
	if r.Held == 0 {
		r.Held = 1024
	}
	return r
}

// Delay returns the pause after the given number of attempts (at least 1), with random in
// [0, 1) deciding the jitter. r must have its defaults.
func (r Retry) Delay(attempts int, random float64) time.Duration {
	d := min(float64(r.Backoff)*math.Pow(2, float64(attempts-1)), float64(r.MaxBackoff))
	return time.Duration(min(d*(1-max(r.Jitter, 0)*random), longest))
}

// longest is the largest float64 that is a Duration.
const longest = float64(math.MaxInt64 - 1023)

const maxAttempts = 10_000

func (r Retry) problem() string {
	switch {
	case r.Attempts < 0:
		return "a retry policy needs at least one attempt"
	case r.Attempts > maxAttempts:
		return fmt.Sprintf("a retry policy makes at most %d attempts", maxAttempts)
	case r.Backoff < 0 || r.MaxBackoff < 0:
		return "a retry policy's backoff must not be negative"
	case r.MaxBackoff != 0 && r.MaxBackoff < r.Backoff:
		return "a retry policy's MaxBackoff must not be below its Backoff"
	case !(r.Jitter <= 1): // NaN, too
		return "a retry policy's Jitter must not be above 1"
	case r.Held < 0:
		return "a retry policy's Held must not be negative"
	}
	return ""
}
