package nimbus

import (
	"encoding/json"
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
	maxListed      = 256        // bytes of a topology's message in a list; describe has all of it
	maxDescription = 1000 << 10 // bytes of a description: NATS carries 1 MiB, unless it is configured otherwise
	maxDetailed    = 5          // crashes in a description, the newest, with all that is known of them
	maxProblems    = 100        // of a status
)

// describe answers VerbDescribe.
func (l *leader) describe(r *cluster.NameRequest) (any, error) {
	d, err := l.find(r.Name)
	if err != nil {
		return nil, err
	}
	now, t := time.Now(), &d.record
	answer := &cluster.Description{
		Summary: l.summary(d, now), Supervisors: []string{}, Definition: t.Definition, Parallelism: t.Definition.Tasks(t.Parallelism), Digest: t.Program.Digest,
		Wanted: t.Wanted, Reverted: t.Reverted, Reports: []cluster.Report{}, Workers: []cluster.WorkerStatus{}, Records: l.brokenOf(d),
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
		}
	}
	slices.Sort(answer.Supervisors)
	answer.Supervisors = slices.Compact(answer.Supervisors)
	d.detail(answer)
	return answer, nil
}

// detail adds crashes and reports, with what makes them large as far as there is room for it. Crashes come first, but leave half of the
// room. Those who need all of a report listen to the worker itself.
func (d *deployment) detail(answer *cluster.Description) {
	for _, c := range d.crashes {
		c.Panic, c.LastLog = "", nil
		answer.Crashes = append(answer.Crashes, c)
	}
	reports := d.currentReports()
	for _, r := range reports {
		answer.Reports = append(answer.Reports, r.bare())
	}
	room := maxDescription - sizeOf(answer)
	left := room / 2
	for i := len(d.crashes) - 1; i >= max(0, len(d.crashes)-maxDetailed); i-- {
		if size := sizeOf(d.crashes[i]); size <= left {
			answer.Crashes[i], left, room = d.crashes[i], left-size, room-size
		}
	}
	for i, r := range reports {
		if r.size <= room {
			answer.Reports[i], room = r.Report, room-r.size
		}
	}
}

// currentReports returns the last report of each worker of the current generation.
func (d *deployment) currentReports() (all []report) {
	if d.current() == nil {
		return nil
	}
	for _, w := range d.current().Workers {
		if r, ok := d.reports[w.ID]; ok {
			all = append(all, r)
		}
	}
	return all
}

// bare returns the report without what makes it large.
func (r *report) bare() cluster.Report {
	bare := r.Report
	bare.Snapshot, bare.Links, bare.Fatal = worker.Snapshot{}, nil, short(bare.Fatal)
	return bare
}

// sizeOf returns how many bytes v has in an answer.
func sizeOf(v any) int {
	text, _ := json.Marshal(v) // what does not become JSON is not sent either
	return len(text)
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
		status.Phase, status.Uptime, status.Error = r.Phase, r.Snapshot.Uptime, short(r.Fatal)
	}
	if p := s.process(w); p != nil {
		status.PID, status.State, status.RSS = p.PID, p.State, p.RSS
		status.Restarts = max(p.Life, 1) - 1
		if p.Error != "" {
			status.Error = short(p.Error)
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
