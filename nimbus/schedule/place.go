package schedule

import (
	"cmp"
	"slices"
)

// spread returns on which of the sites n workers would go if each needed no more than the floor; nil where there is no room.
// Each goes to a site with the fewest workers, and where several are, to one that has been the home of a worker that it would continue.
func spread(sites []*site, floor load, homes []*site) []*site {
	wanted := map[*site]int{} // workers that would like to stay
	for _, s := range homes {
		wanted[s]++
	}
	got := map[*site]int{}
	for range homes {
		s := best(sites, floor, func(a, b *site) int {
			return cmp.Or(cmp.Compare(a.taken.slots, b.taken.slots), trueFirst(wanted[a] > got[a], wanted[b] > got[b]))
		})
		if s == nil {
			break
		}
		s.taken = s.taken.plus(floor)
		got[s]++
	}
	for s, n := range got {
		for range n {
			s.taken = s.taken.minus(floor)
		}
	}
	return seat(sites, homes, got)
}

// trueFirst compares so that what holds comes before what doesn't.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// seat hands out got[s] places on each site s: first to those whose home it is, then in order.
func seat(sites, homes []*site, got map[*site]int) []*site {
	targets := make([]*site, len(homes))
	for i, home := range homes {
		if got[home] > 0 {
			targets[i] = home
			got[home]--
		}
	}
	next := 0
	for i := range targets {
		for next < len(sites) && got[sites[next]] == 0 {
			next++
		}
		if targets[i] != nil || next == len(sites) {
			continue
		}
		targets[i] = sites[next]
		got[sites[next]]--
	}
	return targets
}

// best returns the first of the sites with room that compare puts before all others; nil when none has room.
func best(sites []*site, need load, compare func(a, b *site) int) (found *site) {
	for _, s := range sites {
		if s.fits(need) && (found == nil || compare(s, found) < 0) {
			found = s
		}
	}
	return found
}

// place finds a site for each group of tasks; nil where there is no room. It tries the targets first, which are balanced
// but know nothing of hints; then balance as far as hints allow; then to fill up sites one by one.
func (j *job) place(groups [][]int, sites, targets []*site) (placed []*site, missed int) {
	missed = len(groups) + 1
	t := &trial{sites: sites, targets: targets}
	for _, tasks := range groups {
		t.needs = append(t.needs, j.roster.need(tasks))
	}
	for _, choose := range []func(i int) *site{t.target, t.leastLoaded, t.tightest} {
		if p, m := t.run(choose); m < missed {
			placed, missed = p, m
		}
		if missed == 0 {
			break
		}
	}
	return placed, missed
}

// trial places workers to see how many there is room for.
type trial struct {
	needs   []load  // of each worker
	targets []*site // where each would best be; nil where there is no such site
	sites   []*site
}

// run places the workers, those that need most first, and takes them away again.
func (t *trial) run(choose func(i int) *site) (placed []*site, missed int) {
	placed = make([]*site, len(t.needs))
	for _, i := range t.heaviestFirst() {
		s := choose(i)
		if s == nil {
			missed++
			continue
		}
		s.taken = s.taken.plus(t.needs[i])
		placed[i] = s
	}
	for i, s := range placed {
		if s != nil {
			s.taken = s.taken.minus(t.needs[i])
		}
	}
	return placed, missed
}

func (t *trial) heaviestFirst() []int {
	order := make([]int, len(t.needs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.needs[b].memory, t.needs[a].memory), cmp.Compare(t.needs[b].cpu, t.needs[a].cpu))
	})
	return order
}

func (t *trial) target(i int) *site {
	if s := t.targets[i]; s != nil && s.fits(t.needs[i]) {
		return s
	}
	return nil
}

// leastLoaded prefers sites with few workers, and of these the target.
func (t *trial) leastLoaded(i int) *site {
	return best(t.sites, t.needs[i], func(a, b *site) int {
		return cmp.Or(cmp.Compare(a.taken.slots, b.taken.slots), trueFirst(a == t.targets[i], b == t.targets[i]))
	})
}

// tightest prefers sites that have little more left than is needed.
func (t *trial) tightest(i int) *site {
	return best(t.sites, t.needs[i], func(a, b *site) int {
		aMemory, aCPU := a.left()
		bMemory, bCPU := b.left()
		return cmp.Or(cmp.Compare(aMemory, bMemory), cmp.Compare(aCPU, bCPU), cmp.Compare(a.taken.slots, b.taken.slots))
	})
}
