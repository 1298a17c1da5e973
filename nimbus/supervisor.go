package nimbus

import (
	"maps"
	"time"

	"github.com/galestream/gale/cluster"
)

// supervisor is what a leader knows of a supervisor.
type supervisor struct {
	record  cluster.Supervisor
	stored  bool // record is what the bucket has
	beat    cluster.Beat
	heard   bool      // in this leadership
	at      time.Time // of the last beat; before the first, when the leadership began: a fresh grace period
	wasUp   bool      // as of the last look
	healthy bool      // as of its last beat; true before the first
}

// up reports whether it can be counted on.
func (s *supervisor) up(now time.Time, timeout time.Duration) bool {
	return now.Sub(s.at) < timeout && !s.beat.Leaving
}

// emptied reports whether its workers should move away, as soon as there is room elsewhere.
func (s *supervisor) emptied() bool { return s.record.Drained || !s.healthy }

// take takes a beat in. It reports whether what can be placed there may have changed.
func (s *supervisor) take(b cluster.Beat, at time.Time) bool {
	changed := !s.heard || s.healthy != b.Healthy || s.beat.Leaving != b.Leaving
	s.beat, s.heard, s.at, s.healthy = b, true, at, b.Healthy
	if sameHost(s.record.Host, b.Host) {
		return changed
	}
	s.record.Host, s.stored = b.Host, false
	return true
}

func sameHost(a, b cluster.Host) bool {
	same := maps.Equal(a.Labels, b.Labels) && a.Started.Equal(b.Started)
	a.Labels, b.Labels, a.Started, b.Started = nil, nil, time.Time{}, time.Time{}
	return same && a.ID == b.ID && a.Host == b.Host && a.PID == b.PID && a.OS == b.OS && a.Arch == b.Arch &&
		a.Slots == b.Slots && a.Memory == b.Memory && a.CPU == b.CPU && a.Gale == b.Gale
}

// process returns what it said of the worker's process, nil when nothing.
func (s *supervisor) process(worker string) *cluster.Process {
	for i := range s.beat.Processes {
		if s.beat.Processes[i].Worker == worker {
			return &s.beat.Processes[i]
		}
	}
	return nil
}

// hosts reports whether it said that it has a process of the topology.
func (s *supervisor) hosts(topologyID string) bool {
	for i := range s.beat.Processes {
		if s.beat.Processes[i].TopologyID == topologyID {
			return true
		}
	}
	return false
}

func (s *supervisor) state(now time.Time, timeout time.Duration) string {
	switch {
	case now.Sub(s.at) >= timeout:
		return "lost"
	case s.beat.Leaving:
		return "leaving"
	case s.record.Drained:
		return "drained"
	case !s.healthy:
		return "unhealthy"
	}
	return "up"
}
