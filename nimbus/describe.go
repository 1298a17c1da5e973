package nimbus

import (
	"maps"
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
)

// list answers VerbList.
func (l *leader) list(*cluster.Empty) (any, error) {
	now := time.Now()
	r := &cluster.ListResponse{Topologies: []cluster.Summary{}}
	for _, name := range slices.Sorted(maps.Keys(l.deployments)) {
		s := l.summary(l.deployments[name], now)
		s.Message = cut(s.Message, maxListed)
		r.Topologies = append(r.Topologies, s)
	}
	return r, nil
}

func (s *state) summary(d *deployment, now time.Time) cluster.Summary {
	t := &d.record
	sum := cluster.Summary{
		Name: t.Name, ID: t.ID, Status: t.Status, State: s.stateOf(d, now), Submitted: t.Submitted,
		Workers: t.Workers, Tasks: len(t.Definition.TaskOwners(t.Parallelism)), Running: d.running(now), Message: t.Message,
	}
	if g := d.current(); g != nil {
		sum.Generation, sum.Workers = g.Number, len(g.Workers)
	}
	if sum.Message == "" && (s.waits(d, now) || d.current() != nil && s.misplaced(d)) {
		sum.Message = d.problem
	}
	return sum
}

// stateOf says what the topology is at.
func (s *state) stateOf(d *deployment, now time.Time) string {
	t := &d.record
	switch {
	case t.Status == cluster.Killed:
		return "draining"
	case (t.Status == cluster.Finished || t.Status == cluster.Failed) && d.current() != nil:
		return "draining"
	case t.Status == cluster.Finished || t.Status == cluster.Failed:
		return string(t.Status)
	case t.Next != nil && t.Next.Reason == reasonReplace:
		return "replacing"
	case t.Next != nil && t.Next.Reason == reasonReturn:
		return "returning"
	case t.Next != nil:
		return "rebalancing"
	case s.waits(d, now):
		return "waiting for slots"
	case d.current() != nil && d.running(now) == len(d.current().Workers):
		return "running"
	}
	return "starting"
}

// waits reports whether tasks of the topology have no place to run.
func (s *state) waits(d *deployment, now time.Time) bool {
	return d.problem != "" && (d.current() == nil || len(s.lost(d.current(), now)) > 0)
}

// Bounds of answers, which must fit in a message.
const (
	maxListed    = 256       // bytes of a topology's message in a list; describe has all of it
	maxSnapshots = 512 << 10 // bytes of reports with snapshots in a description
	maxProblems  = 100       // of a status
)

// describe answers VerbDescribe.
func (l *leader) describe(r *cluster.NameRequest) (any, error) {
	d, err := l.find(r.Name)
	if err != nil {
		return nil, err
	}
	now, t, size := time.Now(), &d.record, 0
	answer := &cluster.Description{
		Summary: l.summary(d, now), Supervisors: []string{}, Definition: t.Definition, Parallelism: t.Definition.Tasks(t.Parallelism), Digest: t.Program.Digest,
		Wanted: t.Wanted, Reverted: t.Reverted, Reports: []cluster.Report{}, Workers: []cluster.WorkerStatus{}, Crashes: slices.Clone(d.crashes), Records: l.brokenOf(d),
	}
	for _, g := range []*cluster.Generation{d.current(), d.next()} {
		if g == nil {
			continue
		}
		owners := l.ownersOf(d, g)
		for i := range g.Workers {
			w := &g.Workers[i]
			answer.Workers = append(answer.Workers, l.workerStatus(d, g, w, owners))
			answer.Supervisors = append(answer.Supervisors, w.Supervisor)
			if report, ok := d.reports[w.ID]; ok && g == d.current() {
				size += report.size
				answer.Reports = append(answer.Reports, report.within(size))
			}
		}
	}
	slices.Sort(answer.Supervisors)
	answer.Supervisors = slices.Compact(answer.Supervisors)
	return answer, nil
}

// within returns the report, without what makes it large when there is no room for that. Those who need it listen to the worker itself.
func (r *report) within(size int) cluster.Report {
	bare := r.Report
	if size > maxSnapshots {
		bare.Snapshot, bare.Links = worker.Snapshot{}, nil
	}
	return bare
}

func (s *state) brokenOf(d *deployment) (records []string) {
	if d.broken != "" {
		records = append(records, d.broken)
	}
	return records
}

// ownersOf returns the component of each task of g.
func (s *state) ownersOf(d *deployment, g *cluster.Generation) []string {
	definition := &d.record.Definition
	if g == d.next() && d.record.Next != nil {
		definition = &d.record.Next.Definition
	}
	return definition.TaskOwners(g.Parallelism)
}

func (s *state) workerStatus(d *deployment, g *cluster.Generation, w *cluster.Worker, owners []string) cluster.WorkerStatus {
	status := cluster.WorkerStatus{ID: w.ID, Generation: g.Number, Supervisor: w.Supervisor, Host: s.host(w.Supervisor), Tasks: tasksOf(w, owners)}
	if r, ok := d.reports[w.ID]; ok {
		status.Phase, status.Uptime, status.Error = r.Phase, r.Snapshot.Uptime, r.Fatal
	}
	if p := s.process(w); p != nil {
		status.PID, status.State, status.RSS = p.PID, p.State, p.RSS
		status.Restarts = max(p.Life, 1) - 1
		if p.Error != "" {
			status.Error = p.Error
		}
	}
	return status
}

// tasksOf returns how many tasks of each component a worker has.
func tasksOf(w *cluster.Worker, owners []string) map[string]int {
	tasks := map[string]int{}
	for _, t := range w.Tasks {
		if int(t) <= len(owners) {
			tasks[owners[t-1]]++
		}
	}
	return tasks
}

func (s *state) placement(g *cluster.Generation, d *cluster.Definition) []cluster.Placement {
	owners := d.TaskOwners(g.Parallelism)
	p := make([]cluster.Placement, len(g.Workers))
	for i := range g.Workers {
		w := &g.Workers[i]
		p[i] = cluster.Placement{Worker: w.ID, Supervisor: w.Supervisor, Host: s.host(w.Supervisor), Tasks: tasksOf(w, owners)}
	}
	return p
}
