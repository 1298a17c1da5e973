package supervisor

import (
	"cmp"
	"encoding/json"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// maxBeat is how many bytes a beat has at most, if leaving the details of crashes out can help.
const maxBeat = 512 << 10

// beat tells Nimbus how all fares. A beat that can't be sent is not sent: the next one says more.
func (s *Supervisor) beat() {
	nc, err := s.remote.conn()
	if err != nil || !nc.IsConnected() {
		return
	}
	b := cluster.Beat{Host: s.host, Healthy: s.health.healthy, Health: s.health.said, Processes: s.processes(time.Now()), Leaving: s.leaving}
	message, err := encodeBeat(&b)
	if err == nil {
		err = nc.Publish(cluster.BeatSubject(s.id), message)
	}
	if err != nil {
		s.log.Warn("sending a beat", zap.Error(err))
	}
}

// processes returns how the workers fare, in the order of their ids.
func (s *Supervisor) processes(now time.Time) []cluster.Process {
	var all []cluster.Process
	for _, r := range s.runners {
		if p := r.process(now); p.State != string(gone) {
			all = append(all, p)
		}
	}
	all = slices.AppendSeq(all, maps.Values(s.broken))
	slices.SortFunc(all, func(a, b cluster.Process) int { return cmp.Compare(a.Worker, b.Worker) })
	return all
}

func encodeBeat(b *cluster.Beat) ([]byte, error) {
	message, err := json.Marshal(b)
	if err != nil || len(message) <= maxBeat {
		return message, err
	}
	for i := range b.Processes {
		if c := b.Processes[i].Crash; c != nil {
			b.Processes[i].Crash = &cluster.Crash{At: c.At, Worker: c.Worker, Life: c.Life, Reason: c.Reason}
		}
	}
	return json.Marshal(b)
}

// version returns the version of Gale that this is.
func version() string {
	const module = "github.com/galestream/gale"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" {
			return m.Version
		}
	}
	return "(devel)"
}
