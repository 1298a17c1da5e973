package main

import (
	"time"

	"github.com/shirou/gopsutil/v4/net"
)

// network is what the busiest interface sends and receives, in bytes per second. A sum would
// count a byte again for each bridge and tunnel.
type network struct{ rate rate }

func newNetwork() probe { return &network{} }

// read implements probe.
func (n *network) read(now time.Time) (float64, error) {
	all, err := net.IOCounters(true)
	if err != nil {
		return 0, err
	}
	bytes := make(map[string]uint64, len(all))
	for _, c := range all {
		bytes[c.Name] = c.BytesSent + c.BytesRecv
	}
	return n.rate.busiest(now, bytes), nil
}
