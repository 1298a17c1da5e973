package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
)

const errorsKept = 10 // of each component, as a worker keeps

// Merge returns how a topology fares as a whole, from the last report of each of its workers: as one worker would tell it that
// ran all tasks. The time since the start is the mean of the workers', so that what is counted between two merges, divided by
// how far it has gone, is the rate though workers report at different times. No reports make the zero snapshot.
func Merge(reports []cluster.Report) worker.Snapshot {
	s := worker.Snapshot{ErrorTotals: map[string]int64{}}
	if len(reports) == 0 {
		return s
	}
	var uptime time.Duration
	for i := range reports {
		add(&s, &reports[i].Snapshot)
		uptime += reports[i].Snapshot.Uptime
	}
	s.Topology, s.State, s.Uptime = reports[0].Topology, state(reports), uptime/time.Duration(len(reports))
	slices.SortStableFunc(s.Tasks, func(a, b worker.TaskSnapshot) int { return cmp.Compare(a.Task, b.Task) })
	slices.SortStableFunc(s.Edges, func(a, b worker.EdgeSnapshot) int { return cmp.Compare(a.From, b.From) })
	s.Errors = lastErrors(s.Errors)
	return s
}

func add(s *worker.Snapshot, o *worker.Snapshot) {
	s.Tasks = append(s.Tasks, o.Tasks...)
	s.Edges = append(s.Edges, o.Edges...)
	s.Errors = append(s.Errors, o.Errors...)
	for component, n := range o.ErrorTotals {
		s.ErrorTotals[component] += n
	}
	if o.At.After(s.At) {
		s.At = o.At
	}
}

// lastErrors puts errors in the order of a snapshot, and keeps the last of each component.
func lastErrors(all []worker.ReportedError) (kept []worker.ReportedError) {
	slices.SortStableFunc(all, func(a, b worker.ReportedError) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), a.At.Compare(b.At))
	})
	for i, e := range all {
		if after := i + errorsKept; after >= len(all) || all[after].Component != e.Component {
			kept = append(kept, e)
		}
	}
	return kept
}

// state is what the workers are at together: what the last of them is at.
func state(reports []cluster.Report) string {
	order := map[cluster.Phase]int{cluster.Standby: 1, cluster.Opening: 2, cluster.Running: 3, cluster.Draining: 4, cluster.Stopped: 5}
	least := slices.MinFunc(reports, func(a, b cluster.Report) int { return cmp.Compare(order[a.Phase], order[b.Phase]) })
	switch {
	case least.Phase == cluster.Running && !least.Active:
		return "inactive"
	case least.Phase == cluster.Standby || least.Phase == cluster.Opening:
		return "starting"
	}
	return string(least.Phase)
}
