package console

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAmount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1.00k", 9994: "9.99k", 9996: "10.0k", 12345: "12.3k", 99_949: "99.9k", 99_951: "100k",
		999_499: "999k", 999_501: "1.00M", 4_560_000: "4.56M", math.MaxInt64: "9.22E",
	} {
		require.Equal(t, want, amount(n), "%d", n)
	}
}

func TestAmountIsShortAndRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Min(0).Draw(t, "n")
		text := amount(n)
		require.LessOrEqual(t, len(text), 5)
		digits := strings.TrimRight(text, "kMGTPE")
		v, err := strconv.ParseFloat(digits, 64)
		require.NoError(t, err)
		power := 0
		if unit := text[len(digits):]; unit != "" {
			power = 1 + strings.Index("kMGTPE", unit)
		}
		require.InEpsilon(t, float64(n)+1, v*math.Pow10(3*power)+1, 0.005)
	})
}

func TestPerSecond(t *testing.T) {
	for v, want := range map[float64]string{0: "0/s", 0.01: "<0.1/s", 0.5: "0.5/s", 9.94: "9.9/s", 9.96: "10/s", 41000: "41.0k/s", 2.5e7: "25.0M/s"} {
		require.Equal(t, want, perSecond(v), "%v", v)
	}
}

func TestNanos(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1: "1ns", 999: "999ns", 1000: "1.00µs", 350 * time.Microsecond: "350µs", 1230 * time.Microsecond: "1.23ms",
		61 * time.Second: "61.0s", time.Hour: "3600s",
	} {
		require.Equal(t, want, nanos(int64(d)), "%v", d)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		350_400 * time.Microsecond: "350ms", 12_345 * time.Millisecond: "12.35s", 83_499 * time.Millisecond: "1m23s", 25 * time.Hour: "25h0m0s",
	} {
		require.Equal(t, want, duration(d))
	}
}
