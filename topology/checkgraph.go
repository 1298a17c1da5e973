package topology

import (
	"slices"
	"strings"
)

// checkCycles reports each cycle once, with its path in the direction of the tuples.
func (b *Builder) checkCycles() {
	const under, done = 1, 2
	state := map[*Component]int{}
	var path []string
	var visit func(c *Component)
	visit = func(c *Component) {
		if c == nil || state[c] == done {
			return
		}
		if state[c] == under {
			loop := slices.Clone(path[slices.Index(path, c.ID):])
			slices.Reverse(loop)
			b.problem(c, "is part of a cycle: %s -> %s", strings.Join(loop, " -> "), loop[0])
			return
		}
		state[c] = under
		path = append(path, c.ID)
		for _, in := range c.Inputs {
			visit(b.component(in.Component))
		}
		path = path[:len(path)-1]
		state[c] = done
	}
	for _, c := range b.topology.Components {
		visit(c)
	}
}

// checkReach reports bolts that no spout's tuples can come to. Bolts without any
// known source were reported already.
func (b *Builder) checkReach() {
	reached := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for _, c := range b.topology.Components {
			if !reached[c.ID] && (c.IsSpout() || slices.ContainsFunc(c.Inputs, func(in Subscription) bool { return reached[in.Component] })) {
				reached[c.ID], changed = true, true
			}
		}
	}
	for _, c := range b.topology.Components {
		known := slices.ContainsFunc(c.Inputs, func(in Subscription) bool { return b.component(in.Component) != nil })
		if !reached[c.ID] && known {
			b.problem(c, "no spout's tuples can reach the bolt")
		}
	}
}
