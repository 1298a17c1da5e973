package main

import (
	"time"

	"github.com/shirou/gopsutil/v4/mem"
)

// memory is the share of memory that programs can't get, in percent: caches don't count.
type memory struct{}

func newMemory() probe { return memory{} }

// read implements probe.
func (memory) read(time.Time) (float64, error) {
	m, err := mem.VirtualMemory()
	if err != nil {
		return 0, err
	}
	return 100 * (1 - float64(m.Available)/float64(m.Total)), nil
}
