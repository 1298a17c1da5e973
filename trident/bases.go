package trident

import (
	"context"
	"fmt"

	"github.com/galestream/gale/topology"
)

// bases is from where on the log is needed, by all tasks that read it when they begin anew. What lies below is trimmed.
type bases struct {
	c       *coordinator
	of      map[topology.TaskID]uint64
	trimmed uint64
}

// trimStep is how many records gather below all bases before they are trimmed.
const trimStep = 256

func newBases(c *coordinator) *bases {
	b := &bases{c: c, of: map[topology.TaskID]uint64{}}
	for _, p := range c.g.places {
		if p.durable {
			for _, t := range c.tc.Tasks(p.id) {
				b.of[t] = 0
			}
		}
	}
	return b
}

// set takes a task's word, and trims when there is enough to be trimmed.
func (b *bases) set(task topology.TaskID, sequence uint64) {
	if _, known := b.of[task]; !known {
		return
	}
	b.of[task] = sequence
	below := sequence
	for _, s := range b.of {
		below = min(below, s)
	}
	if below < b.trimmed+trimStep {
		return
	}
	b.trimmed = below
	b.c.owned.Go(func() { b.trim(below) })
}

func (b *bases) trim(below uint64) {
	ctx, cancel := context.WithTimeout(b.c.over, logTimeout)
	defer cancel()
	if err := b.c.log.Trim(ctx, below); err != nil {
		b.c.failed(fmt.Errorf("the log can't be trimmed: %w", err))
	}
}
