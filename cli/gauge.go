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

// gauge makes the reports of the workers of a running generation one snapshot.
type gauge struct {
	news chan struct{} // has room for one: there is a report
	mu   struct {
		sync.Mutex
		topology, state string
		reports         map[string]*cluster.Report // by worker of the running generation; nil: none yet
		fresh           map[string]bool            // has reported since the last snapshot
	}
}

func newGauge(d *cluster.Description) *gauge {
	g := &gauge{news: make(chan struct{}, 1)}
	g.mu.topology = d.Name
	g.update(d)
	return g
}

// update tells which workers run now.
func (g *gauge) update(d *cluster.Description) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.mu.reports
	g.mu.state, g.mu.reports = d.State, map[string]*cluster.Report{}
	for _, w := range d.Workers {
		if w.Generation == d.Generation {
			g.mu.reports[w.ID] = before[w.ID]
		}
	}
	for i := range d.Reports {
		if r, runs := g.mu.reports[d.Reports[i].Worker]; runs && r == nil {
			g.mu.reports[d.Reports[i].Worker] = &d.Reports[i]
		}
	}
}

// add takes a report; those of other workers than the running generation's are passed over.
func (g *gauge) add(r cluster.Report) {
	g.mu.Lock()
	_, runs := g.mu.reports[r.Worker]
	if runs {
		g.mu.reports[r.Worker] = &r
		if g.mu.fresh == nil {
			g.mu.fresh = map[string]bool{}
		}
		g.mu.fresh[r.Worker] = true
	}
	g.mu.Unlock()
	select {
	case g.news <- struct{}{}:
	default: // it is known already that there is news
	}
}

// snapshot waits until every worker has reported since the last one, so that rates are those of all workers in equal times. It waits for
// at most gaugePatience, and until ctx is done.
func (g *gauge) snapshot(ctx context.Context) worker.Snapshot {
	patience := time.NewTimer(gaugePatience)
	defer patience.Stop()
	for !g.complete() {
		select {
		case <-g.news:
			continue
		case <-patience.C:
		case <-ctx.Done():
		}
		break
	}
	return g.take()
}

func (g *gauge) complete() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := range g.mu.reports {
		if !g.mu.fresh[id] {
			return false
		}
	}
	return len(g.mu.reports) > 0
}

// take returns how all workers together fare by what they have reported so far.
func (g *gauge) take() worker.Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.fresh = nil
	var reports []cluster.Report
	for _, r := range g.mu.reports {
		if r != nil {
			reports = append(reports, *r)
		}
	}
	s := client.Merge(reports)
	s.Topology, s.State = g.mu.topology, g.mu.state
	return s
}
