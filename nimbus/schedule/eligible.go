package schedule

import (
	"cmp"
	"slices"
)

// eligible returns the sites that new workers of the job may be placed on, in the order of their ids. When there are none, or
// too few for a job that gets all or nothing, it says why.
func (c *cluster) eligible(j *job) (sites []*site, problem string) {
	sites = c.sites
	for _, rule := range c.rules(j) {
		passed := filter(sites, rule.admits)
		if len(passed) == 0 {
			return nil, rule.problem(sites)
		}
		sites = passed
	}
	if j.Isolate > 0 {
		sites = c.own(j, sites)
		if want := min(j.Isolate, j.lacking()); j.fresh() && len(sites) < want {
			return nil, tooFewOwn(want, len(sites))
		}
	}
	if free := free(sites); j.fresh() && free < j.lacking() {
		return nil, tooFewSlots(j.lacking(), free, len(sites))
	}
	return sites, ""
}

// rule is a condition that a supervisor must meet.
type rule struct {
	admits  func(s *site) bool
	problem func(asked []*site) string // what to say when it admits none of those that the rules before it have admitted
}

func (c *cluster) rules(j *job) []rule {
	return []rule{
		{func(s *site) bool { return s.Usable && !s.Draining }, noneUsable},
		{j.runsOn, j.noPlatform},
		{j.labelled, j.noLabels},
		{func(s *site) bool { return j.Isolate > 0 || s.isolated == 0 }, allIsolated},
		{func(s *site) bool { return j.Isolate == 0 || s.tenants == 0 }, j.noneOwn},
	}
}

func (j *job) runsOn(s *site) bool {
	return (j.OS == "" || j.OS == s.OS) && (j.Arch == "" || j.Arch == s.Arch)
}

func (j *job) labelled(s *site) bool {
	for name, value := range j.Labels {
		if got, ok := s.Labels[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// own returns the sites that an isolated topology has for itself: those where it runs, then those where its previous generation
// does, unless they are too small now, then those with most room.
func (c *cluster) own(j *job, sites []*site) []*site {
	runs, was := c.footprint(&j.roster, j.workers), c.claims(j)
	near := pick(j.Isolate, sites, rank(runs, was))
	if free(near) >= j.lacking() {
		return near
	}
	return pick(j.Isolate, sites, rank(runs))
}

// rank puts the sites in the first of the sets first, then those in the second, and so on.
func rank(sets ...map[*site]load) func(s *site) int {
	return func(s *site) int {
		for i, set := range sets {
			if _, ok := set[s]; ok {
				return i
			}
		}
		return len(sets)
	}
}

func free(sites []*site) (n int) {
	for _, s := range sites {
		n += s.free()
	}
	return n
}

func filter(sites []*site, admits func(*site) bool) (admitted []*site) {
	for _, s := range sites {
		if admits(s) {
			admitted = append(admitted, s)
		}
	}
	return admitted
}

// pick returns n of the sites, those of the lowest rank and of these the roomiest, in the order of their ids.
func pick(n int, sites []*site, rank func(s *site) int) []*site {
	picked := slices.Clone(sites)
	slices.SortStableFunc(picked, func(a, b *site) int {
		aMemory, aCPU := a.left()
		bMemory, bCPU := b.left()
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.free(), a.free()), cmp.Compare(bMemory, aMemory), cmp.Compare(bCPU, aCPU))
	})
	picked = picked[:min(n, len(picked))]
	slices.SortFunc(picked, func(a, b *site) int { return cmp.Compare(a.ID, b.ID) })
	return picked
}
