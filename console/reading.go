package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
)

// reading is how one component fares: its totals, and what it did since the last snapshot.
type reading struct {
	worker.ComponentSnapshot
	elapsed time.Duration // since the last snapshot; the two below mean nothing when it is 0
	rate    float64       // tuples a second: executed, or of a spout emitted
	busy    float64       // the share of time, in [0, 1], that its tasks were neither idle nor blocked
}

// readings returns the components in the order of their flow. With a zero snapshot before, the
// rates are those since the start.
func readings(now, before *worker.Snapshot) []reading {
	elapsed := max(now.Uptime-before.Uptime, 0)
	past := map[string]int64{}
	for _, c := range before.Components() {
		past[c.Component] = handled(&c)
	}
	busy := busyTasks(now, before, elapsed)
	var all []reading
	for _, c := range inFlow(now) {
		r := reading{ComponentSnapshot: c, elapsed: elapsed, busy: busy[c.Component] / float64(max(c.Tasks, 1))}
		if elapsed > 0 {
			r.rate = float64(max(handled(&c)-past[c.Component], 0)) / elapsed.Seconds()
		}
		all = append(all, r)
	}
	return all
}

// handled is what rates and totals count.
func handled(c *worker.ComponentSnapshot) int64 {
	if c.Spout {
		return c.Emitted
	}
	return c.Executed
}

// busyTasks returns how many tasks' worth of time each component spent at work. Tasks
// are taken one by one, so that one that reports a long sleep late doesn't hide the work of others.
func busyTasks(now, before *worker.Snapshot, elapsed time.Duration) map[string]float64 {
	past := map[topology.TaskID]int64{}
	for i := range before.Tasks {
		t := &before.Tasks[i]
		past[t.Task] = t.IdleNanos + t.BlockedNanos
	}
	busy := map[string]float64{}
	for i := range now.Tasks {
		t := &now.Tasks[i]
		if elapsed > 0 {
			away := float64(t.IdleNanos + t.BlockedNanos - past[t.Task])
			busy[t.Component] += min(max(1-away/float64(elapsed), 0), 1)
		}
	}
	return busy
}

// latency is the one to show: of whole trees for spouts, of tuples for bolts.
func (r *reading) latency() worker.Latency {
	if r.Spout {
		return r.Complete
	}
	return r.Process
}

// waiting is what the component has before it.
func (r *reading) waiting() int64 {
	if r.Spout {
		return r.Pending
	}
	return r.Queued
}

// lost is what did not get through.
func (r *reading) lost() int64 { return r.Failed + r.TimedOut + r.DeadLetters }

// inFlow returns the components such that each comes after all that it receives from, spouts first.
func inFlow(s *worker.Snapshot) []worker.ComponentSnapshot {
	all := s.Components()
	depth := depths(s, len(all))
	slices.SortStableFunc(all, func(a, b worker.ComponentSnapshot) int {
		return cmp.Compare(depth[a.Component], depth[b.Component])
	})
	return all
}

// depths returns the length of the longest path from a spout to each component.
func depths(s *worker.Snapshot, components int) map[string]int {
	of := map[topology.TaskID]string{}
	for i := range s.Tasks {
		of[s.Tasks[i].Task] = s.Tasks[i].Component
	}
	depth := map[string]int{}
	for range components { // no path is longer, as there are no cycles
		if !deepen(depth, s.Edges, of) {
			break
		}
	}
	return depth
}

func deepen(depth map[string]int, edges []worker.EdgeSnapshot, of map[topology.TaskID]string) (changed bool) {
	for _, e := range edges {
		if d := depth[of[e.From]] + 1; d > depth[e.To] {
			depth[e.To] = d
			changed = true
		}
	}
	return changed
}
