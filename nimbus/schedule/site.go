package schedule

import (
	"cmp"
	"math"
	"slices"
)

// load is what workers take of a supervisor.
type load struct{ slots, memory, cpu int }

func (l load) plus(o load) load  { return load{l.slots + o.slots, l.memory + o.memory, l.cpu + o.cpu} }
func (l load) minus(o load) load { return load{l.slots - o.slots, l.memory - o.memory, l.cpu - o.cpu} }

// most returns the greater of each.
func (l load) most(o load) load {
	return load{max(l.slots, o.slots), max(l.memory, o.memory), max(l.cpu, o.cpu)}
}

// site is a supervisor and what is taken of it.
type site struct {
	*Supervisor
	taken    load
	tenants  int // topologies that have workers here
	isolated int // how many of them want it for themselves
}

// free returns how many slots are free. A supervisor that came back with fewer slots than it runs workers has none.
func (s *site) free() int { return max(0, s.Slots-s.taken.slots) }

// fits reports whether there is room for a worker.
func (s *site) fits(need load) bool {
	return s.taken.slots+need.slots <= s.Slots &&
		within(s.taken.memory+need.memory, need.memory, s.Memory) && within(s.taken.cpu+need.cpu, need.cpu, s.CPU)
}

// within admits any sum where the need or the capacity is not known.
func within(sum, need, capacity int) bool { return need == 0 || capacity == 0 || sum <= capacity }

// left returns how much memory and CPU is not taken.
func (s *site) left() (memory, cpu int) {
	return remainder(s.Memory, s.taken.memory), remainder(s.CPU, s.taken.cpu)
}

func remainder(capacity, taken int) int {
	if capacity == 0 {
		return math.MaxInt
	}
	return capacity - taken
}

// cluster is all supervisors, with what is taken of them.
type cluster struct {
	sites []*site // in the order of their ids
	byID  map[string]*site
}

func newCluster(supervisors []Supervisor) *cluster {
	c := &cluster{byID: make(map[string]*site, len(supervisors))}
	for i := range supervisors {
		s := &site{Supervisor: &supervisors[i]}
		c.sites = append(c.sites, s)
		c.byID[s.ID] = s
	}
	slices.SortFunc(c.sites, func(a, b *site) int { return cmp.Compare(a.ID, b.ID) })
	return c
}

// runs reports whether the worker's supervisor is there to run it.
func (c *cluster) runs(w Worker) bool {
	s := c.byID[w.Supervisor]
	return s != nil && s.Usable
}

// footprint returns what the workers take, where.
func (c *cluster) footprint(r *roster, workers []Worker) map[*site]load {
	taken := map[*site]load{}
	for _, w := range workers {
		if s := c.byID[w.Supervisor]; s != nil {
			taken[s] = taken[s].plus(r.need(w.Tasks))
		}
	}
	return taken
}

// claims returns what other topologies must leave to the job: enough for the planned generation, and enough for
// the one before it, but not for both.
func (c *cluster) claims(j *job) map[*site]load {
	claims := c.footprint(&j.roster, j.workers)
	before := newRoster(j.Previous.Components, j.Previous.Memory)
	for s, l := range c.footprint(&before, j.Previous.Workers) {
		claims[s] = claims[s].most(l)
	}
	return claims
}

func (c *cluster) claim(j *job)  { c.move(j, 1, load.plus) }
func (c *cluster) vacate(j *job) { c.move(j, -1, load.minus) }

func (c *cluster) move(j *job, tenant int, change func(load, load) load) {
	for s, l := range c.claims(j) {
		s.taken = change(s.taken, l)
		s.tenants += tenant
		if j.Isolate > 0 || j.Previous.Isolate > 0 {
			s.isolated += tenant
		}
	}
}

func (c *cluster) take(taken map[*site]load) {
	for s, l := range taken {
		s.taken = s.taken.plus(l)
	}
}

func (c *cluster) giveBack(taken map[*site]load) {
	for s, l := range taken {
		s.taken = s.taken.minus(l)
	}
}
