package cli

import (
	"context"
	"sync"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
)

// gaugePatience is how long a snapshot waits for workers that don't report.
const gaugePatience = 2500 * time.Millisecond

// gauge makes the reports of the workers of the running generation one snapshot.
type gauge struct {
	topology string
	news     chan struct{} // has room for one: there is a report
	mu       struct {
		sync.Mutex
		state      string
		generation int                       // that runs; 0: none is known to
		runs       map[string]bool           // its workers; empty: they are not known
		reports    map[string]cluster.Report // the last of each worker; bounded by the workers that there were
		fresh      map[string]bool           // has reported since the last snapshot
	}
}

func newGauge(topology string) *gauge {
	g := &gauge{topology: topology, news: make(chan struct{}, 1)}
	g.mu.reports, g.mu.fresh = map[string]cluster.Report{}, map[string]bool{}
	return g
}

// update tells what runs now. A topology that is over has no workers any more: then the reports of those it had stay its last figures.
func (g *gauge) update(d *cluster.Description) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.state = d.State
	if d.Generation == 0 {
		return
	}
	g.mu.generation, g.mu.runs = d.Generation, map[string]bool{}
	for _, w := range d.Workers {
		g.mu.runs[w.ID] = w.Generation == d.Generation
	}
	for _, r := range d.Reports {
		if _, heard := g.mu.reports[r.Worker]; !heard {
			g.mu.reports[r.Worker] = r
		}
	}
}

func (g *gauge) add(r cluster.Report) {
	g.mu.Lock()
	g.mu.reports[r.Worker], g.mu.fresh[r.Worker] = r, true
	g.mu.Unlock()
	select {
	case g.news <- struct{}{}:
	default: // it is known already that there is news
	}
}

// snapshot waits until every worker has reported since the last one, so that rates are those of all workers in equal times. It waits for
// at most gaugePatience, and until ctx is done.
func (g *gauge) snapshot(ctx context.Context) worker.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, gaugePatience)
	defer cancel()
	for !g.complete() {
		select {
		case <-g.news:
		case <-ctx.Done():
			return g.take()
		}
	}
	return g.take()
}

func (g *gauge) complete() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	running := 0
	for id, runs := range g.mu.runs {
		if runs && !g.mu.fresh[id] {
			return false
		}
		running++
	}
	return running > 0
}

// take returns how all workers together fare by what they have reported so far.
func (g *gauge) take() worker.Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.mu.fresh)
	generation, reports := g.generationLocked(), []cluster.Report{}
	for id, r := range g.mu.reports {
		if r.Generation == generation && (len(g.mu.runs) == 0 || g.mu.runs[id]) {
			reports = append(reports, r)
		}
	}
	s := client.Merge(reports)
	s.Topology, s.State = g.topology, g.mu.state
	return s
}

// generationLocked is the one that runs, or as long as that is not known the last that was heard of.
func (g *gauge) generationLocked() int {
	last := g.mu.generation
	if last == 0 {
		for _, r := range g.mu.reports {
			last = max(last, r.Generation)
		}
	}
	return last
}
