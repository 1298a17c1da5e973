package main

import (
	"errors"
	"math"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
)

// processor is the share of the time of all processors that was used, in percent.
type processor struct {
	last cpu.TimesStat
	seen bool
}

func newProcessor() probe { return &processor{} }

// read implements probe.
func (p *processor) read(time.Time) (float64, error) {
	all, err := cpu.Times(false)
	if err != nil {
		return 0, err
	}
	if len(all) != 1 {
		return 0, errors.New("the system gives no processor times")
	}
	before, seen := p.last, p.seen
	p.last, p.seen = all[0], true
	if !seen {
		return math.NaN(), nil
	}
	return used(before, all[0]), nil
}

// used returns the share of the time between two readings that was neither idle nor spent
// waiting for input and output, in percent. Guests' time is part of the user's.
func used(before, after cpu.TimesStat) float64 {
	total := spent(after) - spent(before)
	if total <= 0 {
		return math.NaN()
	}
	idle := after.Idle + after.Iowait - before.Idle - before.Iowait
	return min(max(100*(1-idle/total), 0), 100)
}

func spent(t cpu.TimesStat) float64 {
	return t.User + t.System + t.Idle + t.Nice + t.Iowait + t.Irq + t.Softirq + t.Steal
}
