package nimbus

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
)

// Limits of a cluster.
const (
	maxSupervisors = 10_000
	maxTopologies  = 1_000
)

// state is all that a leader knows. It belongs to the loop.
type state struct {
	o           Options
	since       time.Time // when the leadership began
	heard       time.Time // all beats that had come by then were taken in
	supervisors map[string]*supervisor
	deployments map[string]*deployment // by the topology's name
	broken      map[string]string      // by key: why a record is left alone
	version     uint64                 // goes up when something changes that a plan depends on
	dropped     int64                  // beats of supervisors beyond the limit, or that make no sense
}

func newState(o Options, r *records, now time.Time) *state {
	s := &state{o: o, since: now, heard: now, supervisors: map[string]*supervisor{}, deployments: map[string]*deployment{}, broken: r.broken, version: 1}
	for id, record := range r.supervisors {
		s.supervisors[id] = &supervisor{record: record, stored: true, at: now, wasUp: true, healthy: true}
	}
	for name, record := range r.topologies {
		d := newDeployment(record)
		d.nextSince, d.left = now, now
		d.broken = r.broken[cluster.AssignmentPrefix+name]
		if a, ok := r.assignments[name]; ok && a.ID == record.ID {
			d.assigned = &a
		}
		s.deployments[name] = d
	}
	return s
}

// changed says that what was planned before may come out otherwise now.
func (s *state) changed() { s.version++ }

// up reports whether a supervisor can be counted on.
func (s *state) up(v *supervisor, now time.Time) bool {
	return v.up(s.heardUntil(now), s.o.SupervisorTimeout)
}

// heardUntil returns the time by which silence is measured. It stands still while the loop does not listen: after a slow write the beats that have
// come meanwhile are yet to be taken in.
func (s *state) heardUntil(now time.Time) time.Time {
	if now.Before(s.heard) {
		return now
	}
	return s.heard
}

// isUp reports whether the supervisor is known and can be counted on.
func (s *state) isUp(id string, now time.Time) bool {
	v := s.supervisors[id]
	return v != nil && s.up(v, now)
}

// beat takes a beat in, and returns the topologies whose next step may have changed.
func (s *state) beat(b cluster.Beat, at time.Time) []*deployment {
	v := s.supervisors[b.ID]
	if v == nil {
		if len(s.supervisors) >= maxSupervisors || checkHost(&b.Host) != nil {
			s.dropped++
			return nil
		}
		v = &supervisor{}
		s.supervisors[b.ID] = v
	}
	if v.take(b, at) {
		s.changed()
	}
	return s.processes(b, at)
}

func (s *state) processes(b cluster.Beat, at time.Time) (touched []*deployment) {
	for i := range b.Processes {
		p := &b.Processes[i]
		d := s.deployments[p.Topology]
		if d == nil || d.record.ID != p.TopologyID {
			continue
		}
		d.hearProcess(p, at)
		if p.Crash != nil && d.crash(*p.Crash, at) {
			touched = append(touched, d)
		}
	}
	return touched
}

// look notes which supervisors were lost or are back since the last look, and returns them.
func (s *state) look(now time.Time) (turned []*supervisor) {
	for _, v := range s.supervisors {
		if up := s.up(v, now); up != v.wasUp {
			v.wasUp = up
			turned = append(turned, v)
			s.changed()
		}
	}
	return turned
}

// lost returns the workers of g whose supervisor can't be counted on.
func (s *state) lost(g *cluster.Generation, now time.Time) (lost []cluster.Worker) {
	for _, w := range g.Workers {
		if !s.isUp(w.Supervisor, now) {
			lost = append(lost, w)
		}
	}
	return lost
}

// restless returns a worker of the current generation that should be tried on another supervisor, since it crashes again and
// again, or can't even be started; nil: there is none.
func (s *state) restless(d *deployment, now time.Time) *cluster.Worker {
	for i := range d.current().Workers {
		w := &d.current().Workers[i]
		p := s.process(w)
		if d.falls[w.ID].restless(now) || p != nil && p.Error != "" && now.Sub(p.Since) > s.o.StartTimeout {
			return w
		}
	}
	return nil
}

// misplaced reports whether a worker of the current generation is where none should be.
func (s *state) misplaced(d *deployment) bool {
	return slices.ContainsFunc(d.current().Workers, func(w cluster.Worker) bool {
		v := s.supervisors[w.Supervisor]
		return v != nil && v.emptied()
	})
}

// gone reports whether no process of a topology without assignment is left, as far as supervisors say, or it took them too long.
func (s *state) gone(d *deployment, now time.Time) bool {
	if now.Sub(d.left) >= s.o.GoneTimeout {
		return true
	}
	for _, v := range s.supervisors {
		if s.up(v, now) && (!v.heard || v.hosts(d.record.ID)) {
			return false
		}
	}
	return true
}

// process returns what the worker's supervisor said of its process, nil when nothing.
func (s *state) process(w *cluster.Worker) *cluster.Process {
	if v := s.supervisors[w.Supervisor]; v != nil {
		return v.process(w.ID)
	}
	return nil
}

// host returns the name of the machine that a supervisor runs on; empty when it is not known.
func (s *state) host(supervisor string) string {
	if v := s.supervisors[supervisor]; v != nil {
		return v.record.Host.Host
	}
	return ""
}

// used returns how many workers each supervisor has. While a swap is under way, those of both generations count.
func (s *state) used() map[string]int {
	used := map[string]int{}
	for _, d := range s.deployments {
		for _, g := range []*cluster.Generation{d.current(), d.next()} {
			if g == nil {
				continue
			}
			for _, w := range g.Workers {
				used[w.Supervisor]++
			}
		}
	}
	return used
}

// inOrder returns the topologies as they were submitted, the first first.
func (s *state) inOrder() []*deployment {
	return slices.SortedFunc(maps.Values(s.deployments), func(a, b *deployment) int {
		if c := a.record.Submitted.Compare(b.record.Submitted); c != 0 {
			return c
		}
		if a.record.ID < b.record.ID {
			return -1
		}
		return 1
	})
}

// unread reports whether there are records of topologies that can't be read: what they run is not known.
func (s *state) unread() bool {
	for key := range s.broken {
		if !strings.HasPrefix(key, cluster.SupervisorPrefix) {
			return true
		}
	}
	return false
}

// uses reports whether a topology runs the program, as far as records can be read.
func (s *state) uses(digest string) bool {
	for _, d := range s.deployments {
		if d.record.Program.Digest == digest {
			return true
		}
		for _, swap := range []*cluster.Swap{d.record.Next, d.record.Previous} {
			if swap != nil && swap.Program.Digest == digest {
				return true
			}
		}
		for _, g := range []*cluster.Generation{d.current(), d.next()} {
			if g != nil && g.Program.Digest == digest {
				return true
			}
		}
	}
	return false
}
