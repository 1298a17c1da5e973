package schedule

import (
	"cmp"
	"slices"
)

// past is the generation before the planned one. Its workers are in an order in which the n-th planned worker
// continues the n-th of them.
type past struct {
	workers []ancestor
	had     map[taskName]*ancestor
}

// ancestor is a worker of the previous generation.
type ancestor struct {
	worker Worker
	heir   int   // the index of the group that continues it, if there are as many
	site   *site // nil when the topology can't have new workers there
	round  int   // how many of its supervisor's workers come before it
}

// taskName says which task of its component a task is, which is what it stays when ids change.
type taskName struct {
	component string
	index     int
}

// past returns the previous generation. Its workers come in rounds, one of each supervisor in turn, and those whose
// supervisor can't be used come last: when fewer continue than there were, they are still spread.
func (j *job) past(sites []*site) past {
	p := past{had: map[taskName]*ancestor{}}
	rounds := map[string]int{}
	for _, w := range j.Previous.Workers {
		p.workers = append(p.workers, ancestor{worker: w, site: find(sites, w.Supervisor), round: rounds[w.Supervisor]})
		rounds[w.Supervisor]++
	}
	slices.SortStableFunc(p.workers, func(a, b ancestor) int {
		return cmp.Or(trueFirst(a.site != nil, b.site != nil), cmp.Compare(a.round, b.round))
	})
	p.index(newRoster(j.Previous.Components, 0))
	return p
}

// index finds out who had which task.
func (p *past) index(r roster) {
	for i := range p.workers {
		a := &p.workers[i]
		a.heir = i
		for _, task := range a.worker.Tasks {
			if r.has(task) {
				c, index := r.component(task)
				p.had[taskName{r.components[c].ID, index}] = a
			}
		}
	}
}

// homes returns for each worker that is to be made where the one was that it continues; nil where there is none.
func (p *past) homes(j *job) []*site {
	homes := make([]*site, j.lacking())
	for i := range homes[len(j.lost):] {
		if i < len(p.workers) {
			homes[len(j.lost)+i] = p.workers[i].site
		}
	}
	return homes
}

// find returns the site of the id among sites that are in the order of their ids.
func find(sites []*site, id string) *site {
	i, ok := slices.BinarySearchFunc(sites, id, func(s *site, id string) int { return cmp.Compare(s.ID, id) })
	if !ok {
		return nil
	}
	return sites[i]
}
