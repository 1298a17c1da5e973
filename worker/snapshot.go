package worker

import (
	"time"

	"github.com/galestream/gale/topology"
)

// Snapshot is how a topology fares at one moment. The terminal, and whatever else shows
// figures, reads this one type. Counts are exact as of each task's last chunk of work, which is at most
// one call of its code ago.
type Snapshot struct {
	Topology    string           `json:"topology"`     // the topology's name
	State       string           `json:"state"`        // "starting", "running", "draining" or "ended"
	At          time.Time        `json:"at"`           // when it was taken; with a Stepper, in simulated time
	Uptime      time.Duration    `json:"uptime"`       // since the worker was made
	Tasks       []TaskSnapshot   `json:"tasks"`        // in the order of the task ids
	Edges       []EdgeSnapshot   `json:"edges"`        // in the order of the ids of the tasks that emit
	Errors      []ReportedError  `json:"errors"`       // the last ten of each component, in the order of the ids, oldest first
	ErrorTotals map[string]int64 `json:"error_totals"` // by component id: how many there were; none for components without
}

// TaskSnapshot is how one task fares.
type TaskSnapshot struct {
	Task      topology.TaskID    `json:"task"`      // the task
	Component string             `json:"component"` // the id of its component
	Index     int                `json:"index"`     // its position among the component's tasks, from 0
	Spout     bool               `json:"spout"`     // whether it is a spout's; else it is a bolt's
	Counts                       // what it has counted
	Pending   int                `json:"pending"`  // spout: trees that are not complete
	Queued    int64              `json:"queued"`   // bolt: tuples that wait in its inbox
	Stuck     time.Duration      `json:"stuck"`    // how long it has been in one call, when that is more than Options.StuckAfter; else 0
	Execute   Latency            `json:"execute"`  // of one call of Execute, as the mean of a chunk of them (spouts: of a chunk of Next calls)
	Process   Latency            `json:"process"`  // bolts: from being sent to being acked or failed
	Complete  Latency            `json:"complete"` // spouts: from the emit of a root to the completion of its tree
	Counters  map[string]int64   `json:"counters"` // the component's own, by name
	Gauges    map[string]float64 `json:"gauges"`   // the component's own, by name
	Own       map[string]Latency `json:"own"`      // the component's own histograms, by name, in the unit that it recorded
}

// EdgeSnapshot is what went from one task over one stream to one component.
type EdgeSnapshot struct {
	From        topology.TaskID `json:"from"`        // the task that emits
	Stream      string          `json:"stream"`      // the name of its stream
	To          string          `json:"to"`          // the subscribing component
	Transferred int64           `json:"transferred"` // tuples sent, to all tasks of that component together
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
	if t.spout != nil {
		s.LateAcks += t.spout.lateFromAfar.Load()
	}
	s.LostMail = t.mail.lost.Load()
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
	Component                  string           // its id
	Spout                      bool             // whether it is a spout; else it is a bolt
	Tasks                      int              // how many it has
	Counts                                      // summed over the tasks
	Pending, Queued            int64            // summed over the tasks
	Execute, Process, Complete Latency          // of all tasks together
	Stuck                      int              // tasks that have been in one call for too long
	Errors                     int64            // that it reported or caused, as in Snapshot.ErrorTotals; Counts.Errors are those of its calls
	Counters                   map[string]int64 // the component's own, summed, by name
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
