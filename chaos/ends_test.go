package chaos

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// errEnough ends what was waited for.
var errEnough = errors.New("enough")

// TestWhatIsPromised has three supervisors and two Nimbuses run hostwatch and relay, two of the examples, while a supervisor, a worker and the leading
// Nimbus are killed one after the other. In the end every number's result is there, and it is that of an undisturbed run.
func TestWhatIsPromised(t *testing.T) {
	r := rig.New(t)
	s := &scene{t: t, rig: r, load: load{Name: "relay"}, streams: r.Server("streams")}
	s.cluster = r.Cluster(rig.Options{Nimbuses: 2, Supervisors: 3})
	relay, hostwatch := build(t, r, "relay"), build(t, r, "hostwatch")
	for stream, subject := range map[string]string{"NUMBERS": "relay.NUMBERS", "RESULTS": "relay.RESULTS", "CALM": "relay.CALM"} {
		rig.MakeStream(t, s.streams.URL, stream, subject)
	}
	s.oracle = rig.Watch(t, s.streams.URL, "RESULTS", nil)
	s.cluster.Submit(client.Submission{Program: client.Program{Path: hostwatch, Args: []string{"-interval=100ms"}}})
	s.topology = s.cluster.Submit(client.Submission{Program: client.Program{Path: relay, Args: []string{"-nats=" + s.streams.URL}}, Workers: 2})
	s.feed = rig.StartFeed(t, s.streams.URL, "relay.NUMBERS", feedRate)
	s.oracle.AwaitMore(feedRate)

	faults := map[string]func(){"a supervisor": s.killSupervisor, "a worker": s.killOneWorker, "the leading Nimbus": s.killLeader}
	for _, what := range []string{"a supervisor", "a worker", "the leading Nimbus"} {
		begun := time.Now()
		faults[what]()
		s.oracle.AwaitMore(2 * feedRate)
		pause, _ := s.oracle.Pause(begun)
		t.Logf("%s killed: the longest pause was %v", what, pause.Round(time.Millisecond))
	}
	last := s.feed.Stop()
	s.oracle.Await(last)
	s.hostwatchRuns()
	v := s.oracle.Verdict(last)
	t.Logf("of %d numbers lost %d, duplicates %d", last, len(v.Lost), v.Duplicates)
	require.Empty(t, v.Lost)
	require.Equal(t, s.calm(relay, last), s.oracle.Values(), "the results are those of an undisturbed run")
}

// build builds one of the examples.
func build(t *testing.T, r *rig.Rig, name string) (program string) {
	t.Helper()
	program = filepath.Join(r.Dir(), name)
	out, err := exec.Command("go", "build", "-o", program, "../examples/"+name).CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// killSupervisor kills a supervisor that has workers of relay, and leaves the workers alone: others take their place, while they
// still run and reach everything.
func (s *scene) killSupervisor() {
	s.t.Helper()
	lost := s.cluster.Supervisor(s.describe().Workers[0].Supervisor)
	lost.Kill()
	s.awaitMoved(lost, time.Now())
}

func (s *scene) killOneWorker() {
	s.t.Helper()
	random, seed := newRandom(s.t)
	s.t.Logf("seed %d", seed)
	s.killWorker(random, nil)
}

// killLeader waits for another to lead, so that what comes after is under its rule.
func (s *scene) killLeader() {
	s.t.Helper()
	leader := s.cluster.AwaitLeader(nil)
	leader.Kill()
	s.cluster.AwaitLeader(leader)
}

// hostwatchRuns waits until hostwatch runs, and has its tuples go on.
func (s *scene) hostwatchRuns() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), rig.Patience)
	defer cancel()
	d, err := s.cluster.Client.Describe(ctx, "hostwatch")
	require.NoError(s.t, err)
	require.Equal(s.t, cluster.Active, d.Status)
	acked := int64(-1)
	err = s.cluster.Client.Reports(ctx, d.ID, func(r cluster.Report) error {
		now := r.Snapshot.Components()
		total := int64(0)
		for _, c := range now {
			total += c.Acked
		}
		if acked >= 0 && total > acked {
			return errEnough
		}
		acked = total
		return nil
	})
	require.ErrorIs(s.t, err, errEnough, "hostwatch does not go on")
}

// calm runs relay over the same numbers, in one process that nothing happens to, and returns its results.
func (s *scene) calm(relay string, last int64) map[int64]int64 {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), rig.Patience)
	defer cancel()
	s.copyNumbers(ctx)
	run := exec.CommandContext(ctx, relay, "-nats="+s.streams.URL, "-in=COPY", "-out=CALM", "-end")
	run.Env = os.Environ()
	for k, v := range s.rig.Env() {
		run.Env = append(run.Env, k+"="+v)
	}
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := run.CombinedOutput()
	require.NoError(s.t, err, string(out))
	calm := rig.Watch(s.t, s.streams.URL, "CALM", nil)
	calm.Await(last)
	return calm.Values()
}

// copyNumbers makes a stream of the same numbers, of which nothing has been read.
func (s *scene) copyNumbers(ctx context.Context) {
	s.t.Helper()
	nc, err := nats.Connect(s.streams.URL)
	require.NoError(s.t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(s.t, err)
	numbers, err := js.Stream(ctx, "NUMBERS")
	require.NoError(s.t, err)
	c, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "COPY", Mirror: &jetstream.StreamSource{Name: "NUMBERS"}})
	require.NoError(s.t, err)
	rig.Await(s.t, "the numbers are copied", func() bool {
		info, err := c.Info(ctx)
		return err == nil && info.State.Msgs == numbers.CachedInfo().State.Msgs
	})
}
