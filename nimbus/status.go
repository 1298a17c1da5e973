package nimbus

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
)

// listSupervisors answers VerbSupervisors.
func (l *leader) listSupervisors(*cluster.Empty) (any, error) {
	now, used := time.Now(), l.used()
	r := &cluster.SupervisorsResponse{Supervisors: []cluster.SupervisorStatus{}}
	for _, id := range slices.Sorted(maps.Keys(l.supervisors)) {
		v := l.supervisors[id]
		r.Supervisors = append(r.Supervisors, cluster.SupervisorStatus{
			Supervisor: v.record, State: v.state(l.heardUntil(now), l.o.SupervisorTimeout), Used: used[id], Silence: now.Sub(v.at), Health: v.beat.Health,
		})
	}
	return r, nil
}

// status answers VerbStatus.
func (l *leader) status(*cluster.Empty) (any, error) {
	now := time.Now()
	r := &cluster.StatusResponse{
		Leader: l.n.o.ID, Host: l.n.host, Epoch: l.writer.Epoch(), Since: l.since.UTC(), Gale: l.o.Version,
		Topologies: len(l.deployments), Problems: l.problems(now),
	}
	for _, v := range l.supervisors {
		if l.up(v, now) {
			r.Supervisors++
			r.Slots += v.record.Slots
		} else {
			r.Lost++
		}
	}
	for _, n := range l.used() {
		r.Used += n
	}
	return r, nil
}

func (s *state) problems(now time.Time) (all []string) {
	for _, key := range slices.Sorted(maps.Keys(s.broken)) {
		all = append(all, short(s.broken[key]))
	}
	for _, name := range slices.Sorted(maps.Keys(s.deployments)) {
		if d := s.deployments[name]; s.waits(d, now) {
			all = append(all, short(fmt.Sprintf("topology %q: %s", name, d.problem)))
		}
	}
	if s.dropped > 0 {
		all = append(all, fmt.Sprintf("%d beats were dropped: of more than %d supervisors, or of hosts that can't be", s.dropped, maxSupervisors))
	}
	if n := len(all); n > maxProblems {
		all = append(all[:maxProblems], fmt.Sprintf("and %d more", n-maxProblems))
	}
	return all
}
