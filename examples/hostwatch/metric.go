package main

import (
	"fmt"
	"math"
)

// metric is a figure that can be watched.
type metric struct {
	name     string
	about    string // for the help
	unit     string // percent or bytesPerSecond
	standard band   // the thresholds unless others are given
	probe    func() probe
}

// Units of metrics.
const (
	percent        = "%"
	bytesPerSecond = "B/s"
)

// metrics are all there are, in the order they are listed and sampled.
var metrics = []metric{
	{"cpu", "share of processor time in use, in %", percent, band{90, 70}, newProcessor},
	{"mem", "share of memory in use, in %", percent, band{90, 80}, newMemory},
	{"disk", "bytes per second that the busiest disk reads and writes; off unless given", bytesPerSecond, band{}, newDisks},
	{"net", "bytes per second that the busiest network interface sends and receives; off unless given", bytesPerSecond, band{}, newNetwork},
}

// amount writes a value of the metric with its unit.
func amount(metric string, value float64) string {
	for _, m := range metrics {
		if m.name == metric && m.unit == bytesPerSecond {
			return byteRate(value)
		}
	}
	return fmt.Sprintf("%.1f%%", value)
}

// byteRate writes a number of bytes per second with a decimal prefix.
func byteRate(value float64) string {
	const prefixes = " kMGTP"
	i := 0
	for ; math.Abs(value) >= 1000 && i < len(prefixes)-1; i++ {
		value /= 1000
	}
	if i == 0 {
		return fmt.Sprintf("%.0f B/s", value)
	}
	return fmt.Sprintf("%.1f %cB/s", value, prefixes[i])
}
