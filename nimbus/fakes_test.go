package nimbus

import (
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// machine plays a supervisor and its workers: it sends real beats and reports, follows the real records, and answers
// real requests, but starts no processes.
type machine struct {
	r    *rig
	nc   *nats.Conn
	host cluster.Host
	acts func(*actor) // how workers behave; called with mu held whenever one looks at its assignment

	mu struct {
		sync.Mutex
		workers map[string]*actor
		healthy bool
		leaving bool
		mute    bool // it says nothing any more, and neither do its workers: its machine is gone
		journal []string
	}
	stop func()
}

// actor plays a worker. Its fields are guarded by the machine's mu.
type actor struct {
	id, topology, topologyID string
	generation               int
	current                  bool // whether its generation is current
	life                     uint64
	seq                      uint64
	phase                    cluster.Phase
	active                   bool
	version                  uint64
	progress                 cluster.Progress
	fatal                    string
	crash                    *cluster.Crash
	state                    string
	fault                    string // what it answers to finish
	exited                   bool   // with status 0, because it was told to stop
	sub                      *nats.Subscription
}

// machine starts one with the slots, and waits until Nimbus knows it.
func (r *rig) machine(id string, slots int, with ...func(*machine)) *machine {
	m := &machine{r: r, nc: r.connect(), acts: func(*actor) {}}
	m.host = cluster.Host{ID: id, Host: "host-" + id, PID: 1, OS: runtime.GOOS, Arch: runtime.GOARCH, Slots: slots, Memory: 1 << 14, CPU: 400, Started: time.Now().UTC()}
	m.mu.workers, m.mu.healthy = map[string]*actor{}, true
	for _, w := range with {
		w(m)
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { m.run(done) })
	m.stop = sync.OnceFunc(func() { close(done); running.Wait(); m.nc.Close() })
	r.t.Cleanup(m.stop)
	await(r.t, id+" is known", func() bool {
		var s cluster.SupervisorsResponse
		r.must(cluster.VerbSupervisors, cluster.Empty{}, &s)
		return slices.ContainsFunc(s.Supervisors, func(s cluster.SupervisorStatus) bool { return s.ID == id && s.State == "up" })
	})
	return m
}

func (m *machine) run(done chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			m.follow()
			m.say()
		}
	}
}

// follow reads all assignments, and starts and ends workers as they say.
func (m *machine) follow() {
	kv := m.r.records().KV()
	lister, err := kv.ListKeys(m.r.t.Context())
	if err != nil {
		return // between servers
	}
	var all []cluster.Assignment
	for key := range lister.Keys() {
		var a cluster.Assignment
		if strings.HasPrefix(key, cluster.AssignmentPrefix) {
			if _, err := m.r.records().Get(m.r.t.Context(), key, &a); err == nil {
				all = append(all, a)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.mute {
		return
	}
	wanted := map[string]bool{}
	for _, a := range all {
		for _, g := range []*cluster.Generation{a.Current, a.Next} {
			if g == nil {
				continue
			}
			for _, w := range g.Workers {
				if w.Supervisor == m.host.ID {
					wanted[w.ID] = true
					m.lead(w.ID, &a, g)
				}
			}
		}
	}
	for id, w := range m.mu.workers {
		if !wanted[id] {
			m.end(w)
			delete(m.mu.workers, id)
		}
	}
}

// lead has a worker be what its assignment says. mu is held.
func (m *machine) lead(id string, a *cluster.Assignment, g *cluster.Generation) {
	w := m.mu.workers[id]
	if w == nil {
		w = &actor{id: id, topology: a.Topology, topologyID: a.ID, life: 1, phase: cluster.Standby, state: "running"}
		w.progress = cluster.Progress{Quiet: true}
		m.mu.workers[id] = w
		m.listen(w)
	}
	if w.exited {
		return
	}
	w.generation, w.current, w.active, w.version = g.Number, g == a.Current, a.Active, a.Version
	if w.current && w.phase == cluster.Standby {
		w.phase = cluster.Running
	}
	if w.phase == cluster.Running {
		w.progress.SourcesOver = !a.Active
	}
	m.acts(w)
}

func (m *machine) listen(w *actor) {
	sub, err := m.nc.Subscribe(cluster.ControlSubject(w.topologyID, w.id, "*"), func(msg *nats.Msg) { m.control(w, msg) })
	if err == nil {
		w.sub = sub
	}
}

// control answers a request to a worker.
func (m *machine) control(w *actor, msg *nats.Msg) {
	var r cluster.ControlRequest
	if json.Unmarshal(msg.Data, &r) != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.mute || w.exited {
		return
	}
	verb := msg.Subject[strings.LastIndexByte(msg.Subject, '.')+1:]
	if verb != cluster.ControlStatus {
		m.note(verb + r.Component)
	}
	switch verb {
	case cluster.ControlDeactivate:
		w.phase, w.progress.SourcesOver = cluster.Draining, true
	case cluster.ControlStop:
		w.phase = cluster.Stopped
	}
	reply := cluster.ControlReply{Report: w.report()}
	if verb == cluster.ControlFinish {
		reply.Error = w.fault
	}
	body, _ := json.Marshal(reply)
	_ = msg.Respond(body)
	if w.phase == cluster.Stopped {
		m.end(w)
		w.exited = true
	}
}

func (w *actor) report() cluster.Report {
	w.seq++
	return cluster.Report{Topology: w.topology, TopologyID: w.topologyID, Worker: w.id, Life: w.life, Generation: w.generation, Seq: w.seq,
		Phase: w.phase, Active: w.active, Version: w.version, Fatal: w.fatal, Progress: w.progress, At: time.Now()}
}

// end closes what a worker listens to. mu is held.
func (m *machine) end(w *actor) {
	if w.sub != nil {
		_ = w.sub.Unsubscribe()
		w.sub = nil
	}
}

// note keeps what happened, in order, without repeating itself. mu is held.
func (m *machine) note(what string) {
	if j := m.mu.journal; len(j) == 0 || j[len(j)-1] != what {
		m.mu.journal = append(m.mu.journal, what)
	}
}

func (m *machine) journal() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mu.journal)
}

// say sends a beat, and a report of each worker.
func (m *machine) say() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.mute {
		return
	}
	b := cluster.Beat{Host: m.host, Healthy: m.mu.healthy, Leaving: m.mu.leaving}
	for _, id := range slices.Sorted(maps.Keys(m.mu.workers)) {
		w := m.mu.workers[id]
		if w.exited {
			continue
		}
		b.Processes = append(b.Processes, cluster.Process{Topology: w.topology, TopologyID: w.topologyID, Worker: id, State: w.state, PID: 2, Life: w.life, Crash: w.crash})
		if w.state == "running" {
			m.send(cluster.ReportSubject(w.topologyID, id), w.report())
		}
	}
	m.send(cluster.BeatSubject(m.host.ID), b)
}

func (m *machine) send(subject string, message any) {
	body, err := json.Marshal(message)
	require.NoError(m.r.t, err)
	_ = m.nc.Publish(subject, body) // while NATS is away nothing is heard
}

// change changes what is guarded by mu.
func (m *machine) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// vanish is what the loss of the machine looks like to others.
func (m *machine) vanish() {
	m.change(func() {
		m.mu.mute = true
		for _, w := range m.mu.workers {
			m.end(w)
		}
	})
}

// workers returns how many workers it runs.
func (m *machine) workers() (n int) {
	m.change(func() {
		for _, w := range m.mu.workers {
			if !w.exited {
				n++
			}
		}
	})
	return n
}
