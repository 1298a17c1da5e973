package nimbus

import (
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
)

// Limits of what is kept of a topology.
const (
	maxCrashes   = 20               // of all its workers
	restless     = 5                // crashes of a worker within restlessTime, after which another supervisor is tried
	restlessTime = time.Minute      // in which that many crashes are too many
	freshReport  = 5 * time.Second  // a worker that reported longer ago is not counted as running
	moveBackoff  = 30 * time.Second // between a move that came to nothing and the next
)

// deployment is what a leader knows of a topology: its records, and what its workers say. The records are never changed
// in place, but replaced by what was written.
type deployment struct {
	record   cluster.Topology
	assigned *cluster.Assignment // nil: it has none
	broken   string              // why its assignment's record can't be read; empty: it can, or there is none

	reports map[string]report    // the last of each worker
	crashes []cluster.Crash      // the newest last
	falls   map[string]falls     // of each worker
	getsOn  map[string]time.Time // when each worker was last heard to get on, or to be where it should be

	problem   string             // why tasks of it have no place
	planned   uint64             // the version of the cluster that problem was found in
	nextSince time.Time          // when the workers that a swap brings were given their time, to start or to open their tasks
	noMove    time.Time          // until when it is not moved away from an emptied supervisor
	drained   int                // the generation that was drained and stopped in this leadership
	drains    int                // the generation that is being drained; 0: none
	hurry     func(at time.Time) // has the drain that is under way end by then
	left      time.Time          // when its assignment was deleted
	programs  map[string]bool    // by digest: what is to be removed with it, once it is killed
}

type report struct {
	cluster.Report
	received time.Time
	size     int // bytes
}

// falls are the crashes of a worker, as far as they count for whether it is restless.
type falls struct {
	life  uint64 // that crashed last
	times []time.Time
}

func (f falls) restless(now time.Time) bool {
	return len(f.times) == restless && now.Sub(f.times[0]) < restlessTime
}

func newDeployment(record cluster.Topology) *deployment {
	return &deployment{record: record, reports: map[string]report{}, falls: map[string]falls{}, getsOn: map[string]time.Time{}, programs: map[string]bool{}}
}

func (d *deployment) current() *cluster.Generation {
	if d.assigned == nil {
		return nil
	}
	return d.assigned.Current
}

func (d *deployment) next() *cluster.Generation {
	if d.assigned == nil {
		return nil
	}
	return d.assigned.Next
}

// version of its assignment's record; 0: there was none yet.
func (d *deployment) version() uint64 {
	if d.assigned == nil {
		return 0
	}
	return d.assigned.Version
}

// worker returns the worker of the id, of either generation; nil when there is none.
func (d *deployment) worker(id string) *cluster.Worker {
	if w := d.current().Worker(id); w != nil {
		return w
	}
	return d.next().Worker(id)
}

// take takes a report in. It reports whether that may change what the next step is.
func (d *deployment) take(r report) bool {
	if d.worker(r.Worker) == nil || r.TopologyID != d.record.ID {
		return false
	}
	last, known := d.reports[r.Worker]
	if known && (r.Life < last.Life || r.Life == last.Life && r.Seq <= last.Seq) {
		return false
	}
	d.reports[r.Worker] = r
	d.hearPhase(r)
	return !known || r.Life != last.Life || r.Phase != last.Phase || r.Fatal != last.Fatal ||
		r.Progress.Ended != last.Progress.Ended || r.Progress.Quiet != last.Progress.Quiet
}

// crash takes in that a worker has crashed. It reports whether that is news.
func (d *deployment) crash(c cluster.Crash, received time.Time) bool {
	if d.worker(c.Worker) == nil {
		return false
	}
	f := d.falls[c.Worker]
	if c.Life <= f.life {
		return false
	}
	f.life, f.times = c.Life, append(slices.Clone(f.times), received)
	f.times = f.times[max(0, len(f.times)-restless):]
	d.falls[c.Worker] = f
	d.crashes = append(d.crashes, c)
	d.crashes = slices.Clone(d.crashes[max(0, len(d.crashes)-maxCrashes):])
	return true
}

// forget drops what was kept of workers that are not there any more.
func (d *deployment) forget() {
	for id := range d.reports {
		if d.worker(id) == nil {
			delete(d.reports, id)
		}
	}
	for id := range d.falls {
		if d.worker(id) == nil {
			delete(d.falls, id)
		}
	}
	for id := range d.getsOn {
		if d.worker(id) == nil {
			delete(d.getsOn, id)
		}
	}
}

// leave notes programs that are to be removed with the topology. They are few: it is called for one that is killed.
func (d *deployment) leave(digests ...string) {
	for _, digest := range digests {
		d.programs[digest] = true
	}
}

// running returns how many workers of the current generation run, as far as they have said of late.
func (d *deployment) running(now time.Time) (n int) {
	if d.current() == nil {
		return 0
	}
	for _, w := range d.current().Workers {
		if r, ok := d.reports[w.ID]; ok && r.Phase == cluster.Running && now.Sub(r.received) < freshReport {
			n++
		}
	}
	return n
}

// over reports whether the topology has come to an end by itself: all its sources have ended, and every tree is complete.
func (d *deployment) over(now time.Time) bool {
	for _, w := range d.current().Workers {
		r, ok := d.reports[w.ID]
		p := r.Progress
		if !ok || now.Sub(r.received) >= freshReport || r.Phase != cluster.Running || !p.Ended || !p.Quiet || p.Pending > 0 {
			return false
		}
	}
	return len(d.current().Workers) > 0
}

// fatal returns why a worker's tasks have ended by themselves; empty: none have.
func (d *deployment) fatal() string {
	for _, w := range d.current().Workers {
		if r := d.reports[w.ID]; r.Fatal != "" {
			return r.Fatal
		}
	}
	return ""
}

// ready reports whether all workers of the next generation wait for it to become the current one.
func (d *deployment) ready(now time.Time) bool {
	for _, w := range d.next().Workers {
		r, ok := d.reports[w.ID]
		if !ok || r.Phase != cluster.Standby || now.Sub(r.received) >= freshReport {
			return false
		}
	}
	return true
}

// draining reports whether a swap drains the current generation, or has, in this leadership or before.
func (d *deployment) draining() bool {
	return d.assigned.Draining || d.drains != 0 || d.drained == d.current().Number
}
