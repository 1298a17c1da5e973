package security

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/nats-io/nats.go"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
)

// rubbish is what no request, beat, report or frame looks like, or only at its beginning.
func rubbish() map[string][]byte {
	noise := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{3})
	_, _ = random.Read(noise) // it never fails
	const large = 900 << 10   // NATS carries 1 MiB
	many := strings.Builder{}
	for i := range 40_000 {
		fmt.Fprintf(&many, `,"k%d":1`, i)
	}
	all := map[string]string{
		"nothing": "", "a NUL": "\x00", "noise": string(noise), "a frame of 4 GiB": "\xff\xff\xff\xff\xff\xff\xff\xff", "a frame of 2 GiB": "\x80\x00\x00\x00", "zeros": strings.Repeat("\x00", large),
		"gzip": "\x1f\x8b\x08\x00\x00\x00\x00\x00", "msgpack": "\xdf\xff\xff\xff\xff\xdd\xff\xff\xff\xff", "half": `{"name":"numb`, "null": "null", "true": "true", "an array": "[]", "an object": "{}",
		"depth": strings.Repeat("[", large), "depth of objects": strings.Repeat(`{"a":`, large/5), "a long text": `"` + strings.Repeat("a", large) + `"`,
		"a large number": "1" + strings.Repeat("0", large), "a number beyond all": `{"wait":1e999999,"tail":1e999999}`, "many numbers": "[" + strings.Repeat("0,", large/2) + "0]",
		"many keys": `{"parallelism":{"a":1` + many.String() + `}}`, "no UTF-8": "{\"name\":\"\xff\xfe\xc0\x80\"}", "wrong kinds": `{"name":{},"definition":[],"worker":7,"topology_id":true,"supervisor":[1],"id":{},"processes":"x","seq":"y"}`,
		"extremes":  `{"wait":-9223372036854775808,"workers":9223372036854775807,"tail":-1,"slots":-1,"memory":-1,"generation":-1,"life":18446744073709551615,"seq":18446744073709551615}`,
		"a pattern": `{"topology_id":"a","worker":"b","grep":"` + strings.Repeat("(a*)*", 200) + `"}`,
	}
	made := map[string][]byte{}
	for name, text := range all {
		made[name] = []byte(text)
	}
	return made
}

// ears are the subjects at which the processes of a cluster listen that runs d. Into those of the second kind, reading decodes what was
// sent: what does decode is a daemon's word, which is to be obeyed.
func ears(d *cluster.Description) (all []string, obeyed map[string]any) {
	for _, verb := range cluster.Verbs {
		all = append(all, cluster.APISubject(verb))
	}
	all = append(all, "$SRV.PING", "$SRV.INFO."+cluster.ServiceName, "$SRV.STATS."+cluster.ServiceName,
		cluster.BeatSubject("dev-1"), cluster.BeatSubject("nobody"), cluster.SupervisorSubject("dev-1", cluster.SupervisorLogs))
	obeyed = map[string]any{}
	for _, w := range d.Workers {
		for _, peer := range append(others(d, w.ID), "stranger") {
			link := cluster.LinkSubject(d.ID, w.ID, peer)
			all = append(all, link, link+".c")
		}
		all = append(all, cluster.ReportSubject(d.ID, w.ID), cluster.AssignmentRequestSubject(d.ID, w.ID), cluster.ControlReplySubject(d.ID, w.ID, "x"),
			cluster.ControlSubject(d.ID, w.ID, cluster.ControlStatus), cluster.ControlSubject(d.ID, w.ID, cluster.ControlFinish),
			cluster.ControlSubject(d.ID, w.ID, cluster.ControlDeactivate), cluster.ControlSubject(d.ID, w.ID, "nothing"))
		obeyed[cluster.ControlSubject(d.ID, w.ID, cluster.ControlStop)] = &cluster.ControlRequest{}
		obeyed[cluster.AssignmentSubject(d.ID, w.ID)] = &cluster.Assignment{}
	}
	return all, obeyed
}

func others(d *cluster.Description, worker string) (ids []string) {
	for _, w := range d.Workers {
		if w.ID != worker {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

// storm sends all rubbish to all ears, each with the wish for an answer, and sees after each subject that the cluster answers.
func (s *site) storm(nc *nats.Conn, d *cluster.Description) {
	s.t.Helper()
	all, obeyed := ears(d)
	for name, text := range rubbish() {
		for _, subject := range all {
			require.NoError(s.t, nc.PublishRequest(subject, nats.NewInbox(), text), name)
		}
		for subject, into := range obeyed {
			if len(text) > 0 && json.Unmarshal(text, into) != nil {
				require.NoError(s.t, nc.PublishRequest(subject, nats.NewInbox(), text), name)
			}
		}
		s.answers(nc, d)
	}
}

// answers sees that every part answers a request that is right, behind all that was sent to it before.
func (s *site) answers(nc *nats.Conn, d *cluster.Description) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), rig.Patience)
	defer cancel()
	_, err := s.client.Status(ctx)
	require.NoError(s.t, err)
	lines := 0
	require.NoError(s.t, s.client.Logs(ctx, client.LogQuery{Topology: d.Name, Tail: 1}, func(client.LogLine) error { lines++; return nil }))
	require.Positive(s.t, lines)
	for _, w := range d.Workers {
		rig.Await(s.t, "worker "+w.ID+" answers", func() bool { // one answer may not be what was asked for: others wait for the same subject
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			r, err := cluster.AskWorker(ctx, nc, d.ID, w.ID, cluster.ControlStatus, cluster.ControlRequest{Generation: d.Generation})
			return err == nil && r.Error == "" && r.Report.Life == 1
		})
		rig.Await(s.t, "worker "+w.ID+" can read its assignment", func() bool {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			a, err := cluster.ReadAssignment(ctx, nc, d.Name, d.ID, w.ID)
			return err == nil && a.ID == d.ID
		})
	}
}

// taken returns how many slabs and records workers have had from each other.
func (s *site) taken(name string) (n int64) {
	s.t.Helper()
	d, err := s.client.Describe(s.t.Context(), name)
	if err != nil {
		require.Equal(s.t, cluster.Timeout, cluster.CodeOf(err), "%v", err) // it is busy
		return 0
	}
	for _, r := range d.Reports {
		n += r.Progress.Taken
	}
	return n
}

func resident(t *testing.T, pid int) int64 {
	t.Helper()
	p, err := process.NewProcess(int32(pid))
	require.NoError(t, err)
	m, err := p.MemoryInfo()
	require.NoError(t, err)
	return int64(m.RSS)
}

// Each storm brings a worker some 20 MiB on every subject of its control, and the process of the others several times as much: by the
// third, what any of them keeps shows.
const (
	storms       = 3
	growthOfDev  = 96 << 20 // bytes
	growthOfWork = 48 << 20 // bytes
)

func TestS03RubbishHarmsNobody(t *testing.T) {
	s := newSite(t, 0o022)
	d := s.submit()
	requireLoopback(t, s.process.PID())
	nc, err := cluster.Connect(s.access("daemon"), "test", nil)
	require.NoError(t, err)
	defer nc.Close()
	pids := append([]int{s.process.PID()}, s.workers(&d)...)
	require.Len(t, pids, 3)

	s.storm(nc, &d) // the first one also fills pools and buffers
	before := map[int]int64{}
	for _, pid := range pids {
		before[pid] = resident(t, pid)
	}
	for range storms {
		s.storm(nc, &d)
	}
	for i, pid := range pids {
		growth, limit := resident(t, pid)-before[pid], int64(growthOfWork)
		if i == 0 {
			limit = growthOfDev
		}
		t.Logf("process %d: %d MiB, %+d MiB", pid, before[pid]>>20, growth>>20)
		require.Less(t, growth, limit, "memory of process %d", pid)
	}

	now, err := s.client.Describe(t.Context(), d.Name)
	require.NoError(t, err)
	require.Equal(t, pids[1:], s.workers(&now), "no worker has ended")
	require.Equal(t, cluster.Active, now.Status)
	require.Empty(t, now.Crashes)
	taken := s.taken(d.Name)
	rig.Await(t, "tuples flow", func() bool { return s.taken(d.Name) > taken })
	require.Positive(t, refused(now.Reports), "links have seen what is no frame")
	list, err := s.client.Supervisors(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1, "rubbish makes no supervisors")
}

func refused(reports []cluster.Report) (n int64) {
	for _, r := range reports {
		for _, l := range r.Links {
			n += l.Refused
		}
	}
	return n
}

// workers returns the processes of the topology, in the order of their ids.
func (s *site) workers(d *cluster.Description) (pids []int) {
	for _, w := range d.Workers {
		pids = append(pids, w.PID)
	}
	return pids
}
