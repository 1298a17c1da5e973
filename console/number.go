package console

import (
	"fmt"
	"strconv"
	"time"
)

var (
	amountUnits = []string{"", "k", "M", "G", "T", "P", "E"}
	nanosUnits  = []string{"ns", "µs", "ms", "s"}
)

// amount returns a count with three digits, such as 999, 4.56M or 12.3k.
func amount(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return scaled(float64(n), amountUnits)
}

// perSecond returns a rate with up to three digits, such as 0.5/s or 12.3k/s.
func perSecond(rate float64) string {
	switch {
	case rate == 0:
		return "0/s"
	case rate < 0.05:
		return "<0.1/s"
	case rate < 9.95:
		return fmt.Sprintf("%.1f/s", rate)
	}
	return scaled(rate, amountUnits) + "/s"
}

// nanos returns a latency with three digits, such as 350ns or 1.23ms.
func nanos(n int64) string { return scaled(float64(n), nanosUnits) }

// scaled returns v, which is not negative, in the unit in which it has one to three digits before the point.
// What is in the first unit is taken as whole.
func scaled(v float64, units []string) string {
	unit := 0
	for v >= 999.5 && unit < len(units)-1 {
		v /= 1000
		unit++
	}
	return strconv.FormatFloat(v, 'f', decimals(v, unit), 64) + units[unit]
}

// decimals looks at what v will be rounded to: 9.996 is 10.0.
func decimals(v float64, unit int) int {
	switch {
	case unit == 0 || v >= 99.95:
		return 0
	case v >= 9.995:
		return 1
	}
	return 2
}

// duration returns how long a run took, as exactly as matters.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
