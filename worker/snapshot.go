package worker

import (
	"time"

	"github.com/galestream/gale/topology"
)

// Snapshot is how a topology fares at one moment. The terminal, and whatever else shows
// figures, reads this one type. Counts are exact as of each task's last chunk of work, which is at most
// one call of its code ago.
type Snapshot struct {
	Topology    string
	State       string // "starting", "running", "draining" or "ended"
	At          time.Time
	Uptime      time.Duration
	Tasks       []TaskSnapshot // in the order of the task ids
	Edges       []EdgeSnapshot
	Errors      []ReportedError  // the last ten of each component, in the order of the ids, oldest first
	ErrorTotals map[string]int64 // by component
}

// TaskSnapshot is how one task fares.
type TaskSnapshot struct {
	Task      topology.TaskID
	Component string
	Index     int
	Spout     bool
	Counts
	Pending  int              // spout: trees that are not complete
	Queued   int64            // bolt: tuples that wait in its inbox
	Stuck    time.Duration    // how long it has been in one call, when that is too long
	Execute  Latency          // of one call of Execute (spouts: of a chunk of Next calls)
	Process  Latency          // bolts: from being sent to being acked
	Complete Latency          // spouts: from the emit of a root to the completion of its tree
	Counters map[string]int64 // the component's own
	Gauges   map[string]float64
	Own      map[string]Latency // its own histograms
}

// EdgeSnapshot is what went from one task over one stream to one component.
type EdgeSnapshot struct {
	From        topology.TaskID
	Stream      string
	To          string // the subscribing component
	Transferred int64
}

// Snapshot tells how the tasks fare. It may be called at any time from any goroutine.
func (w *Worker) Snapshot() Snapshot {
	s := Snapshot{Topology: w.topology.Name, State: *w.state.Load(), At: w.driver.wall(), Uptime: time.Duration(w.driver.now() - w.started)}
	for _, t := range w.tasks() {
		s.Tasks = append(s.Tasks, t.snapshot())
		s.Edges = append(s.Edges, t.edges()...)
	}
	s.Errors, s.ErrorTotals = w.errors.snapshot()
	return s
}

func (t *task) snapshot() TaskSnapshot {
	f := &t.figures
	s := TaskSnapshot{
		Task: t.id, Component: t.comp.ID, Index: t.index, Spout: t.spout != nil, Stuck: t.stuckFor(),
		Execute: f.execute.Latency(), Process: f.process.Latency(), Complete: f.complete.Latency(),
	}
	if t.bolt != nil {
		s.Queued = t.bolt.in.tuples.Load()
	}
	f.published.Lock()
	s.Counts, s.Pending = f.published.counts, f.published.pending
	s.IdleNanos += f.published.asleep.until(t.w.driver.now())
	s.BlockedNanos += f.published.blocked.until(t.w.driver.now())
	f.published.Unlock()
	f.own.snapshot(&s)
	return s
}

func (t *task) edges() (edges []EdgeSnapshot) {
	f := &t.figures.published
	f.Lock()
	defer f.Unlock()
	for i := range t.exits { // by index: a copy would read what the owner counts
		x := &t.exits[i]
		for j := range x.routes {
			r := &x.routes[j]
			edges = append(edges, EdgeSnapshot{From: t.id, Stream: x.stream.Name, To: r.to, Transferred: f.passed[i][j]})
		}
	}
	return edges
}

func (o *ownMetrics) snapshot(s *TaskSnapshot) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.Counters, s.Gauges, s.Own = map[string]int64{}, map[string]float64{}, map[string]Latency{}
	for name, c := range o.mu.counters {
		s.Counters[name] = c.Value()
	}
	for name, g := range o.mu.gauges {
		s.Gauges[name] = g.Value()
	}
	for name, h := range o.mu.histograms {
		s.Own[name] = h.Latency()
	}
}

// ComponentSnapshot is the tasks of one component together.
type ComponentSnapshot struct {
	Component string
	Spout     bool
	Tasks     int
	Counts
	Pending, Queued            int64
	Execute, Process, Complete Latency
	Stuck                      int // tasks that have been in one call for too long
	Errors                     int64
	Counters                   map[string]int64 // the component's own, summed
}

// Components returns the snapshot by component, in the order of their ids.
func (s *Snapshot) Components() []ComponentSnapshot {
	var all []ComponentSnapshot
	for i := range s.Tasks {
		t := &s.Tasks[i]
		if len(all) == 0 || all[len(all)-1].Component != t.Component {
			all = append(all, ComponentSnapshot{Component: t.Component, Spout: t.Spout, Errors: s.ErrorTotals[t.Component], Counters: map[string]int64{}})
		}
		all[len(all)-1].add(t)
	}
	return all
}

func (c *ComponentSnapshot) add(t *TaskSnapshot) {
	c.Tasks++
	c.Counts = c.Counts.Add(t.Counts)
	c.Pending += int64(t.Pending)
	c.Queued += t.Queued
	c.Execute, c.Process, c.Complete = c.Execute.Merge(t.Execute), c.Process.Merge(t.Process), c.Complete.Merge(t.Complete)
	if t.Stuck > 0 {
		c.Stuck++
	}
	for name, n := range t.Counters {
		c.Counters[name] += n
	}
}
