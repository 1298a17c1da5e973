package topology_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/topology"
)

func TestRetryDefaults(t *testing.T) {
	require.Equal(t, topology.Retry{Attempts: 3, Backoff: 100 * time.Millisecond, MaxBackoff: 10 * time.Second, Jitter: 0.5, Held: 1024},
		topology.Retry{}.WithDefaults())
	require.Equal(t, time.Minute, topology.Retry{Backoff: time.Minute}.WithDefaults().MaxBackoff, "the limit is never below the backoff")
	set := topology.Retry{Attempts: 1, Backoff: 1, MaxBackoff: 2, Jitter: -1, Held: 1}
	require.Equal(t, set, set.WithDefaults())
}

func TestRetryDelayDoublesUpToItsLimit(t *testing.T) {
	r := topology.Retry{Backoff: 100 * time.Millisecond, MaxBackoff: time.Second, Jitter: -1}.WithDefaults()
	for i, want := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		require.Equal(t, want, r.Delay(i+1, 0.9)/time.Millisecond)
	}
	r.Jitter = 0.5
	require.Equal(t, 200*time.Millisecond, r.Delay(2, 0))
	require.Equal(t, 150*time.Millisecond, r.Delay(2, 0.5))
	r.Jitter = 1
	require.Equal(t, 50*time.Millisecond, r.Delay(2, 0.75))
}

// doubled is Delay without jitter, the slow way.
func doubled(r topology.Retry, attempts int) time.Duration {
	pause := r.Backoff
	for i := 1; i < attempts && pause < r.MaxBackoff; i++ {
		pause *= 2
	}
	return min(pause, r.MaxBackoff)
}

// The pause lies between (1-Jitter) and 1 times what it would be, and never shrinks with
// the attempts.
func TestRetryDelayBounds(t *testing.T) {
	const most = 90 * 24 * time.Hour // what a float64 holds to the nanosecond
	rapid.Check(t, func(t *rapid.T) {
		backoff := rapid.Int64Range(1, int64(most)).Draw(t, "backoff")
		r := topology.Retry{
			Backoff:    time.Duration(backoff),
			MaxBackoff: time.Duration(rapid.Int64Range(backoff, int64(most)).Draw(t, "max")),
			Jitter:     rapid.Float64Range(-1, 1).Draw(t, "jitter"),
		}.WithDefaults()
		attempts := rapid.OneOf(rapid.IntRange(1, 70), rapid.IntRange(1, 1<<40)).Draw(t, "attempts")
		random := rapid.Float64Range(0, 0.999999).Draw(t, "random")

		full := doubled(r, attempts)
		least := time.Duration(float64(full) * (1 - max(r.Jitter, 0)))
		delay := r.Delay(attempts, random)
		require.LessOrEqual(t, delay, full)
		require.GreaterOrEqual(t, delay, least-1, "it is rounded to nanoseconds")
		require.GreaterOrEqual(t, r.Delay(attempts+1, random), delay)
	})
}

func TestRetryDelayWithoutLimit(t *testing.T) {
	r := topology.Retry{Backoff: time.Second, MaxBackoff: math.MaxInt64, Jitter: -1}.WithDefaults()
	for attempts := 1; attempts < 5000; attempts++ {
		require.GreaterOrEqual(t, r.Delay(attempts, 0), time.Second)
		require.GreaterOrEqual(t, r.Delay(attempts+1, 0), r.Delay(attempts, 0))
	}
}
