package main

import (
	"time"

	"github.com/shirou/gopsutil/v4/disk"
)

// disks is what the busiest disk reads and writes, in bytes per second. A sum would count
// a byte once for the disk, once for its partition and once for each layer above.
type disks struct{ rate rate }

func newDisks() probe { return &disks{} }

// read implements probe.
func (d *disks) read(now time.Time) (float64, error) {
	all, err := disk.IOCounters()
	if err != nil {
		return 0, err
	}
	bytes := make(map[string]uint64, len(all))
	for name, c := range all {
		bytes[name] = c.ReadBytes + c.WriteBytes
	}
	return d.rate.busiest(now, bytes), nil
}
