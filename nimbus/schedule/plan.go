package schedule

import "slices"

// Plan returns a Result for each of the topologies, in their order, which is also the order in which they are served where there
// is too little for all: what runs keeps its place, then the first is given what it lacks, then the second. The order of the supervisors
// does not matter. A worker in Running whose supervisor is not there or not Usable is lost: another with the same tasks takes its place.
//
// A worker in Running that names a task which the topology has not, or which another has too, can't stay as it is: it is lost as well.
func Plan(supervisors []Supervisor, topologies []Topology) []Result {
	c := newCluster(supervisors)
	jobs := make([]*job, len(topologies))
	for i := range topologies {
		jobs[i] = newJob(&topologies[i], c)
		c.claim(jobs[i])
	}
	results := make([]Result, len(jobs))
	for i, j := range jobs {
		c.vacate(j)
		problem := c.complete(j)
		c.claim(j)
		results[i] = Result{Name: j.Name, Workers: slices.Clip(j.workers), Problem: problem}
	}
	return results
}

// complete gives the job the workers that it lacks, or says why it can't.
func (c *cluster) complete(j *job) (problem string) {
	if j.lacking() == 0 {
		return ""
	}
	own := c.footprint(&j.roster, j.workers)
	c.take(own)
	defer c.giveBack(own)
	sites, reason := c.eligible(j)
	if reason != "" {
		return j.waiting(j.lacking(), append(slices.Concat(j.lost...), j.orphans...), reason)
	}
	return j.settle(sites)
}

// settle makes workers of the tasks that have none and places them on the sites.
func (j *job) settle(sites []*site) (problem string) {
	open := filter(sites, func(s *site) bool { return s.free() > 0 })
	past := j.past(open)
	targets := spread(open, j.roster.floor(), past.homes(j))
	groups := append(slices.Clone(j.lost), j.deal(past, targets[len(j.lost):])...)
	placed, missed := j.place(groups, open, targets)
	if missed > 0 && j.fresh() {
		return j.noRoom(groups, sites)
	}
	var waiting []int
	for i, s := range placed {
		if s == nil {
			waiting = append(waiting, groups[i]...)
			continue
		}
		j.workers = append(j.workers, Worker{Supervisor: s.ID, Tasks: groups[i]})
	}
	return j.waiting(missed, waiting, j.noRoom(groups, sites))
}
