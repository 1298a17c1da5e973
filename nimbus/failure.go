package nimbus

import (
	"fmt"
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
)

// startCrashes is how often a worker of a generation that a swap brings may crash before all goes back.
const startCrashes = 3

// fetching is what a supervisor says of a worker whose program it fetches.
const fetching = "fetching"

// failed returns why g, which a swap brings, can't take over; empty while it may. A worker of which nothing is heard is given less time than
// one that fetches a large program, or opens tasks that load much.
func (d *deployment) failed(g *cluster.Generation, now time.Time, o *Options) string {
	for _, c := range slices.Backward(d.crashes) {
		if g.Worker(c.Worker) != nil && c.Life >= startCrashes {
			return fmt.Sprintf("worker %s crashed %d times: %s", c.Worker, c.Life, cause(&c))
		}
	}
	waited := now.Sub(d.nextSince)
	switch {
	case g == nil && waited >= o.StartTimeout:
		return d.problem
	case g == nil:
		return ""
	case waited >= o.OpenTimeout:
		return d.late(g, o.OpenTimeout)
	case waited >= o.StartTimeout && d.stalled(g, now, o.StartTimeout):
		return d.late(g, o.StartTimeout)
	}
	return ""
}

// late says that g was not ready in time, and why, as far as that is known.
func (d *deployment) late(g *cluster.Generation, timeout time.Duration) string {
	reason := "its workers were not ready within " + timeout.String()
	if n := len(d.crashes); n > 0 && g.Worker(d.crashes[n-1].Worker) != nil {
		reason += "; the last crash: " + cause(&d.crashes[n-1])
	}
	return reason
}

// stalled reports whether a worker of g was not heard to get on for as long as the timeout.
func (d *deployment) stalled(g *cluster.Generation, now time.Time, timeout time.Duration) bool {
	return slices.ContainsFunc(g.Workers, func(w cluster.Worker) bool {
		return now.Sub(d.getsOn[w.ID]) >= timeout
	})
}

// hearPhase notes whether the worker gets on, or is where it should be: one that stands by for tasks that it is to open by now does not.
func (d *deployment) hearPhase(r report) {
	switch {
	case r.Phase == cluster.Opening, r.Phase == cluster.Running, r.Phase == cluster.Standby && d.next().Worker(r.Worker) != nil:
		d.getsOn[r.Worker] = r.received
	}
}

// hearProcess notes whether the worker gets on by what its supervisor says. One whose program can't be had does not.
func (d *deployment) hearProcess(p *cluster.Process, at time.Time) {
	if p.State == fetching && p.Error == "" && d.worker(p.Worker) != nil {
		d.getsOn[p.Worker] = at
	}
}
