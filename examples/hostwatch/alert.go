package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Alert says that an alert has changed its state.
type Alert struct {
	ID        string        `gale:"id"` // of the rule on this host, the same for all its incidents
	State     State         `gale:"state"`
	Host      string        `gale:"host"`
	Metric    string        `gale:"metric"`
	At        time.Time     `gale:"at"` // of the sample that changed it
	Value     float64       `gale:"value"`
	Threshold float64       `gale:"threshold"` // that the value has crossed
	Lasted    time.Duration `gale:"lasted"`    // see transition
}

// alertID returns a stable name for a rule on a host: a hash of both.
func alertID(host, metric string, b band) string {
	return fmt.Sprintf("%016x", xxhash.Sum64String(host+"\x00"+metric+"\x00"+b.String()))
}

// transitionKey names this one change of state, however often it is told.
func (a Alert) transitionKey() string {
	return a.ID + "-" + string(a.State) + "-" + strconv.FormatInt(a.At.UnixMilli(), 10)
}

// latency returns how long after its sample the alert is told, in milliseconds.
func (a Alert) latency(now time.Time) float64 {
	return float64(now.Sub(a.At).Microseconds()) / 1000
}

// timeFormat is that of times in lines and requests, in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// line writes the alert for people.
func (a Alert) line(now time.Time) string {
	sign, held := ">", "for"
	if a.State == Resolved {
		sign, held = "<", "after"
	}
	return fmt.Sprintf("%s %-8s %s %s %s %s %s %v (latency %.1f ms)", a.At.UTC().Format(timeFormat), a.State, a.Metric,
		amount(a.Metric, a.Value), sign, amount(a.Metric, a.Threshold), held, a.Lasted, a.latency(now))
}
