package nimbus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// scene is a topology of generation 1 that runs on supervisors a and b, which a case then changes.
type scene struct {
	all *state
	*deployment
	now time.Time
}

func newScene() *scene {
	now := time.Now()
	o := Options{ID: "n"}
	o.ensureDefaults()
	s := &scene{all: newState(o, &records{broken: map[string]string{}}, now), now: now}
	for _, id := range []string{"a", "b", "c"} {
		s.all.supervisors[id] = &supervisor{record: cluster.Supervisor{Host: cluster.Host{ID: id}}, at: now, healthy: true, heard: true}
	}
	s.deployment = newDeployment(cluster.Topology{Name: "words", ID: "T1", Definition: words("words"), Status: cluster.Active, Wanted: 1})
	s.all.deployments["words"] = s.deployment
	s.nextSince, s.left = now, now
	s.assigned = &cluster.Assignment{Topology: "words", ID: "T1", Version: 1, Active: true, Current: s.generation(1, "w1", "w2")}
	s.report(cluster.Running, "w1", "w2")
	return s
}

func (s *scene) generation(number int, a, b string) *cluster.Generation {
	return &cluster.Generation{Number: number, Workers: []cluster.Worker{{ID: a, Supervisor: "a", Tasks: []cluster.TaskID{1}}, {ID: b, Supervisor: "b", Tasks: []cluster.TaskID{2}}}}
}

func (s *scene) report(p cluster.Phase, workers ...string) {
	for _, w := range workers {
		s.reports[w] = report{Report: cluster.Report{Worker: w, Phase: p}, received: s.now}
		s.hearPhase(s.reports[w])
	}
}

// fetch has the supervisors of workers say that they fetch the program, which they can't when there is a problem.
func (s *scene) fetch(problem string, workers ...string) {
	for _, w := range workers {
		s.hearProcess(&cluster.Process{Worker: w, State: fetching, Error: problem}, s.now)
	}
}

func (s *scene) progress(p cluster.Progress, workers ...string) {
	for _, w := range workers {
		r := s.reports[w]
		r.Progress = p
		s.reports[w] = r
	}
}

// swap begins a swap to generation 2.
func (s *scene) swap() {
	s.record.Next, s.record.Wanted = &cluster.Swap{Definition: words("words"), Reason: reasonRebalance}, 2
	a := *s.assigned
	a.Next = s.generation(2, "w3", "w4")
	s.assigned = &a
}

// onlyCurrentOn has a worker of generation 1, and no other, be on the supervisor.
func (s *scene) onlyCurrentOn(supervisor string) {
	s.set(func(a *cluster.Assignment) {
		a.Current = s.generation(1, "w1", "w2")
		a.Current.Workers[1].Supervisor = supervisor
	})
}

// try has the running generation be on trial.
func (s *scene) try() {
	s.record.Previous = &cluster.Swap{Definition: words("words"), Reason: reasonReplace}
}

func (s *scene) set(change func(a *cluster.Assignment)) {
	a := *s.assigned
	change(&a)
	s.assigned = &a
}

func (s *scene) later(d time.Duration) {
	s.now = s.now.Add(d)
	s.all.heard = s.now
	for _, v := range s.all.supervisors {
		v.at = s.now
	}
	for id, r := range s.reports {
		r.received = s.now
		s.reports[id] = r
	}
}

func TestTheNextStep(t *testing.T) {
	ended := cluster.Progress{Ended: true, Quiet: true, SourcesOver: true}
	for _, c := range []struct {
		when string
		is   func(s *scene)
		want step
	}{
		{"all runs", func(*scene) {}, rest},
		{"there are no workers yet", func(s *scene) { s.assigned = nil }, place},
		{"there was no room, and nothing has changed", func(s *scene) { s.assigned, s.problem, s.planned = nil, "no room", s.all.version }, rest},
		{"there was no room, and something has changed", func(s *scene) { s.assigned, s.problem, s.planned = nil, "no room", s.all.version-1 }, place},
		{"it was deactivated", func(s *scene) { s.record.Status = cluster.Inactive }, mend},
		{"a drain was called off", func(s *scene) { s.set(func(a *cluster.Assignment) { a.Active = false }) }, mend},
		{"a supervisor is silent", func(s *scene) { s.all.supervisors["a"].at = s.now.Add(-6 * time.Second) }, replace},
		{"a supervisor leaves", func(s *scene) { s.all.supervisors["a"].beat.Leaving = true }, replace},
		{"a supervisor was never heard of", func(s *scene) { delete(s.all.supervisors, "a") }, replace},
		{"a supervisor that matters to nobody is silent", func(s *scene) { s.all.supervisors["c"].at = s.now.Add(-time.Hour) }, rest},
		{"a supervisor is drained", func(s *scene) { s.all.supervisors["a"].record.Drained = true }, move},
		{"a supervisor is unhealthy", func(s *scene) { s.all.supervisors["a"].healthy = false }, move},
		{"a move came to nothing just now", func(s *scene) { s.all.supervisors["a"].healthy, s.noMove = false, s.now.Add(time.Second) }, rest},
		{"a worker crashes again and again", func(s *scene) {
			for life := range uint64(restless) {
				s.crash(cluster.Crash{Worker: "w1", Life: life + 1}, s.now)
			}
		}, relocate},
		{"a worker has crashed now and then", func(s *scene) {
			for life := range uint64(restless) {
				s.crash(cluster.Crash{Worker: "w1", Life: life + 1}, s.now.Add(time.Duration(life)*restlessTime))
			}
			s.later(restlessTime * (restless - 1))
		}, rest},
		{"a worker can't be started", func(s *scene) {
			s.all.supervisors["a"].beat.Processes = []cluster.Process{{Worker: "w1", State: "backoff", Error: "no space left", Since: s.now.Add(-time.Minute)}}
		}, relocate},
		{"a worker could not be started just now", func(s *scene) {
			s.all.supervisors["a"].beat.Processes = []cluster.Process{{Worker: "w1", State: "backoff", Error: "no space left", Since: s.now}}
		}, rest},
		{"a component's error was fatal", func(s *scene) { s.reports["w2"] = report{Report: cluster.Report{Fatal: "no disk"}} }, fail},
		{"all sources have ended", func(s *scene) { s.progress(ended, "w1", "w2") }, conclude},
		{"a source has not ended", func(s *scene) { s.progress(ended, "w1") }, rest},
		{"a tree is not complete", func(s *scene) {
			s.progress(ended, "w1", "w2")
			p := ended
			p.Pending = 1
			s.progress(p, "w1")
		}, rest},
		{"the word that all have ended is old", func(s *scene) {
			s.progress(ended, "w1", "w2")
			old := s.reports["w1"]
			old.received = s.now.Add(-freshReport)
			s.reports["w1"] = old
		}, rest},
		{"its assignment can't be read", func(s *scene) { s.assigned, s.broken = nil, "it is broken" }, rest},

		{"a swap has no workers yet", func(s *scene) { s.swap(); s.set(func(a *cluster.Assignment) { a.Next = nil }) }, prepare},
		{"the new workers start", func(s *scene) { s.swap() }, rest},
		{"one of them is ready", func(s *scene) { s.swap(); s.report(cluster.Standby, "w3") }, rest},
		{"all of them are", func(s *scene) { s.swap(); s.report(cluster.Standby, "w3", "w4") }, quell},
		{"no spout may emit any more", func(s *scene) {
			s.swap()
			s.report(cluster.Standby, "w3", "w4")
			s.set(func(a *cluster.Assignment) { a.Active, a.Draining = false, true })
		}, drain},
		{"an old worker has ended in order meanwhile", func(s *scene) { s.swap(); s.report(cluster.Stopped, "w1") }, rest},
		{"a new worker is not ready in time, and an old one has ended", func(s *scene) { s.swap(); s.report(cluster.Stopped, "w1"); s.later(30 * time.Second) }, undo},
		{"a topology that is not active is swapped", func(s *scene) {
			s.swap()
			s.record.Status = cluster.Inactive
			s.set(func(a *cluster.Assignment) { a.Active = false })
		}, rest},
		{"it is deactivated meanwhile", func(s *scene) { s.swap(); s.record.Status = cluster.Inactive }, mend},
		{"the drain is under way", func(s *scene) {
			s.swap()
			s.set(func(a *cluster.Assignment) { a.Active, a.Draining = false, true })
			s.drains = 1
		}, rest},
		{"a new worker is lost before the drain", func(s *scene) { s.swap(); s.all.supervisors["b"].beat.Leaving = true }, replace},
		{"an old worker is lost before the drain", func(s *scene) { s.swap(); s.onlyCurrentOn("c"); s.all.supervisors["c"].beat.Leaving = true }, replace},
		{"an old worker is lost, there is no room for another, and the new ones are ready", func(s *scene) {
			s.swap()
			s.onlyCurrentOn("c")
			s.all.supervisors["c"].beat.Leaving = true
			s.problem, s.planned = "no room", s.all.version
			s.report(cluster.Standby, "w3", "w4")
		}, quell},
		{"a leader before had begun to drain", func(s *scene) {
			s.swap()
			s.set(func(a *cluster.Assignment) { a.Active, a.Draining = false, true })
			s.later(30 * time.Second)
		}, drain},
		{"the old workers are gone", func(s *scene) { s.swap(); s.drained = 1 }, promote},
		{"the new generation is the current one", func(s *scene) { s.swap(); s.assigned = &cluster.Assignment{Current: s.generation(2, "w3", "w4")} }, settle},
		{"the new workers are not ready in time", func(s *scene) { s.swap(); s.later(30 * time.Second) }, undo},
		{"one of them is not ready in time", func(s *scene) { s.swap(); s.later(30 * time.Second); s.report(cluster.Standby, "w3") }, undo},
		{"their program is fetched for long", func(s *scene) { s.swap(); s.later(time.Minute); s.fetch("", "w3", "w4") }, rest},
		{"their program can't be fetched", func(s *scene) { s.swap(); s.later(time.Minute); s.fetch("no such object", "w3", "w4") }, undo},
		{"one's program is fetched for long, the other waits for it", func(s *scene) {
			s.swap()
			s.later(time.Minute)
			s.report(cluster.Standby, "w3")
			s.fetch("", "w4")
		}, rest},
		{"their program was fetched, and they do not start", func(s *scene) {
			s.swap()
			s.later(time.Minute)
			s.fetch("", "w3", "w4")
			s.later(30 * time.Second)
		}, undo},
		{"their program is fetched for ever", func(s *scene) { s.swap(); s.later(10 * time.Minute); s.fetch("", "w3", "w4") }, undo},
		{"they are not, but there is no way back", func(s *scene) {
			s.swap()
			s.drained = 1
			s.later(30 * time.Second)
		}, promote},
		{"a new worker crashes twice", func(s *scene) { s.swap(); s.crash(cluster.Crash{Worker: "w3", Life: 2}, s.now) }, rest},
		{"a new worker crashes a third time", func(s *scene) { s.swap(); s.crash(cluster.Crash{Worker: "w3", Life: 3}, s.now) }, undo},
		{"an old worker crashes a third time", func(s *scene) { s.swap(); s.crash(cluster.Crash{Worker: "w1", Life: 3}, s.now) }, rest},
		{"a swap was undone", func(s *scene) { s.swap(); s.record.Next, s.record.Wanted = nil, 1 }, drop},

		{"what a swap has brought does not run yet", func(s *scene) { s.try(); s.report(cluster.Opening, "w1") }, rest},
		{"all of it runs", func(s *scene) { s.try() }, trust},
		{"it can't, for good", func(s *scene) { s.try(); s.reports["w2"] = report{Report: cluster.Report{Fatal: "no disk"}} }, goBack},
		{"it can't, for good, and there is no room to go back to", func(s *scene) {
			s.try()
			s.reports["w2"] = report{Report: cluster.Report{Fatal: "no disk"}}
			s.problem, s.planned = "no room", s.all.version
		}, rest},
		{"it crashes twice", func(s *scene) {
			s.try()
			s.report(cluster.Opening, "w1")
			s.crash(cluster.Crash{Worker: "w1", Life: 2}, s.now)
		}, rest},
		{"it crashes a third time", func(s *scene) {
			s.try()
			s.report(cluster.Opening, "w1")
			s.crash(cluster.Crash{Worker: "w1", Life: 3}, s.now)
		}, goBack},
		{"it does not run in time", func(s *scene) { s.try(); s.report(cluster.Standby, "w1"); s.later(30 * time.Second) }, goBack},
		{"its tasks open for long", func(s *scene) {
			s.try()
			s.later(time.Minute)
			s.report(cluster.Opening, "w1")
			s.report(cluster.Running, "w2")
		}, rest},
		{"its tasks open for ever", func(s *scene) { s.try(); s.later(10 * time.Minute); s.report(cluster.Opening, "w1", "w2") }, goBack},
		{"its tasks opened for long, and then nothing was heard", func(s *scene) {
			s.try()
			s.later(time.Minute)
			s.report(cluster.Opening, "w1")
			s.report(cluster.Running, "w2")
			s.later(30 * time.Second)
		}, goBack},
		{"a worker waits for long, as if it were not on trial", func(s *scene) {
			s.try()
			s.later(30 * time.Second)
			s.report(cluster.Standby, "w1")
			s.report(cluster.Running, "w2")
		}, goBack},
		{"it does not run in time, as a supervisor is lost", func(s *scene) {
			s.try()
			s.later(30 * time.Second)
			s.all.supervisors["a"].beat.Leaving = true
			s.report(cluster.Opening, "w1")
		}, replace},
		{"it is deactivated before it runs", func(s *scene) { s.try(); s.report(cluster.Opening, "w1"); s.record.Status = cluster.Inactive }, mend},

		{"killed", func(s *scene) { s.record.Status = cluster.Killed }, mend},
		{"killed in a swap", func(s *scene) { s.swap(); s.record.Status, s.record.Next = cluster.Killed, nil }, drop},
		{"killed, and its spouts may not emit", func(s *scene) {
			s.record.Status = cluster.Killed
			s.set(func(a *cluster.Assignment) { a.Active = false })
		}, drain},
		{"killed and drained", func(s *scene) {
			s.record.Status, s.drained = cluster.Killed, 1
			s.set(func(a *cluster.Assignment) { a.Active = false })
		}, recall},
		{"killed before it had workers", func(s *scene) { s.record.Status, s.assigned = cluster.Killed, nil }, remove},
		{"killed, and a process is left", func(s *scene) {
			s.record.Status, s.assigned = cluster.Killed, nil
			s.all.supervisors["a"].beat.Processes = []cluster.Process{{TopologyID: "T1"}}
		}, rest},
		{"killed, and a supervisor has not said what it has", func(s *scene) {
			s.record.Status, s.assigned, s.all.supervisors["a"].heard = cluster.Killed, nil, false
		}, rest},
		{"killed, and a process is left for long", func(s *scene) {
			s.record.Status, s.assigned = cluster.Killed, nil
			s.all.supervisors["a"].beat.Processes = []cluster.Process{{TopologyID: "T1"}}
			s.later(10 * time.Second)
		}, remove},
		{"killed, and its assignment can't be read", func(s *scene) { s.record.Status, s.assigned, s.broken = cluster.Killed, nil, "it is broken" }, recall},

		{"finished", func(s *scene) { s.record.Status = cluster.Finished }, mend},
		{"finished and drained", func(s *scene) {
			s.record.Status, s.drained = cluster.Finished, 1
			s.set(func(a *cluster.Assignment) { a.Active = false })
		}, vacate},
		{"finished, and its workers are gone", func(s *scene) {
			s.record.Status = cluster.Finished
			s.set(func(a *cluster.Assignment) { a.Active, a.Current = false, nil })
		}, rest},
		{"failed, and its workers are there", func(s *scene) {
			s.record.Status = cluster.Failed
			s.set(func(a *cluster.Assignment) { a.Active = false })
		}, drain},
	} {
		t.Run(c.when, func(t *testing.T) {
			s := newScene()
			c.is(s)
			require.Equal(t, c.want, s.all.next(s.deployment, s.now))
		})
	}
}
