package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// TestR10SlowConsumer stops a worker that receives a flood: for a while, and for so long that its supervisor kills it. Who sends
// to it must not hold what it can't take.
func TestR10SlowConsumer(t *testing.T) {
	s, flood := playFlood(t)
	faults := s.stall(2 * time.Second)
	require.NoError(t, os.Remove(flood)) // the machine needs its time to get going again
	s.feedFlows()
	require.NoError(t, os.WriteFile(flood, nil, 0o600))
	s.awaitFlood()
	faults += s.stall(rig.Patience)
	require.NoError(t, os.Remove(flood))
	s.settle(faults)
}

// playFlood returns when the flood flows; it does as long as the file is there.
func playFlood(t *testing.T) (s *scene, flood string) {
	t.Helper()
	flood = filepath.Join(t.TempDir(), "flood")
	s = play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: 2, extras: extras{Flood: flood}})
	require.NoError(t, os.WriteFile(flood, nil, 0o600))
	s.awaitFlood()
	return s, flood
}

func (s *scene) awaitFlood() {
	s.t.Helper()
	from := s.component("drain").Executed
	rig.Await(s.t, "the flood flows", func() bool { return s.component("drain").Executed > from+10*floodTuples })
}

// maxGrowth is by how much a sender may grow because a receiver takes nothing, in bytes.
const maxGrowth = 64 << 20

// stall stops the worker that receives the flood for so long, or until it is killed for that, and returns how many faults that was: one when
// the stream took the records of the worker for lost, or the worker was killed.
func (s *scene) stall(long time.Duration) (faults int) {
	s.t.Helper()
	receiver, sender := s.flooded()
	before, blocked := resident(s.t, sender.PID), s.blocked(sender.ID)
	rig.Signal(s.t, receiver.PID, syscall.SIGSTOP)
	begun := time.Now()
	most, killed := before, false
	for tick := time.NewTicker(50 * time.Millisecond); time.Since(begun) < long && !killed; <-tick.C {
		most, killed = max(most, resident(s.t, sender.PID)), !isAlive(receiver.PID)
	}
	stalled := time.Since(begun)
	if !killed {
		rig.Signal(s.t, receiver.PID, syscall.SIGCONT)
	}
	s.t.Logf("stopped for %v, killed: %t; the sender grew from %d to %d MiB", stalled.Round(time.Millisecond), killed, before>>20, most>>20)
	require.Less(s.t, most-before, int64(maxGrowth), "by how much the sender grew")
	s.awaitHealthy(nil)
	s.awaitBlocked(sender.ID, blocked)
	if killed || stalled > ackWait/2 {
		return 1
	}
	return 0
}

// flooded returns the worker that only receives the flood, and the one that has its spout.
func (s *scene) flooded() (receiver, sender cluster.WorkerStatus) {
	s.t.Helper()
	s.awaitHealthy(nil)
	for _, w := range s.describe().Workers {
		if w.Tasks["flood"] > 0 {
			sender = w
		} else {
			receiver = w
		}
	}
	require.NotZero(s.t, receiver.Tasks["drain"], "the flood does not reach another worker")
	return receiver, sender
}

// blocked returns how often a link of the worker has found no credit.
func (s *scene) blocked(id string) (times int64) {
	s.t.Helper()
	for _, r := range s.describe().Reports {
		for _, l := range r.Links {
			if r.Worker == id {
				times += l.Blocked
			}
		}
	}
	return times
}

func (s *scene) awaitBlocked(id string, before int64) {
	s.t.Helper()
	rig.Await(s.t, "the sender tells that it was held back", func() bool { return s.blocked(id) > before })
}

// resident returns the resident bytes of a process.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	require.NoError(t, err)
	var size, pages int64
	_, err = fmt.Sscan(string(text), &size, &pages)
	require.NoError(t, err)
	return pages * int64(os.Getpagesize())
}

// isAlive reports whether the process is there, and has not ended.
func isAlive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}

// TestR18Backpressure slows a bolt down so that it doesn't keep up: the source slows down with it, and nothing piles up.
func TestR18Backpressure(t *testing.T) {
	slow := 3 * time.Second
	if *long {
		slow = time.Minute
	}
	brake := filepath.Join(t.TempDir(), "brake")
	const maxPending, prefetch, tasks = 50, 16, 2 // of few records in advance, so that the stream's rate is that of the source
	s := play(t, rig.Options{Supervisors: 2}, load{Workers: 2, Tasks: tasks, extras: extras{Brake: brake, MaxPending: maxPending, Prefetch: prefetch}})
	s.feedFlows()
	require.NoError(t, os.WriteFile(brake, nil, 0o600))
	s.awaitRate("the source slows down", time.Second, func(perSecond float64) bool { return perSecond < feedRate/2 })
	for begun := time.Now(); time.Since(begun) < slow; {
		s.oracle.AwaitMore(20)
		numbers := s.component("numbers")
		require.LessOrEqual(t, numbers.Pending, int64(maxPending*tasks), "trees that are pending")
		for _, w := range s.describe().Workers {
			require.Less(t, w.RSS, int64(256<<20), "resident bytes of worker %s", w.ID)
		}
	}
	require.Equal(t, "square", s.busiest(), "the bolt that holds all back")
	require.NoError(t, os.Remove(brake))
	s.awaitRate("the source is at full speed", 5*time.Second, func(perSecond float64) bool { return perSecond > 0.9*feedRate })
	s.settle(0)
}

// awaitRate waits until the rate at which the stream gives out records suits, and tells how long that took. Where a test is run whole it must not take
// longer than within.
func (s *scene) awaitRate(what string, within time.Duration, suits func(perSecond float64) bool) {
	s.t.Helper()
	nc, err := nats.Connect(s.streams.URL)
	require.NoError(s.t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(s.t, err)
	begun := time.Now()
	before, at := s.delivered(js), time.Now()
	rig.Await(s.t, what, func() bool {
		if time.Since(at) < rateWindow {
			return false
		}
		now := s.delivered(js)
		rate := float64(now-before) / time.Since(at).Seconds()
		before, at = now, time.Now()
		return suits(rate)
	})
	took := time.Since(begun)
	s.t.Logf("%s %v after", what, took.Round(time.Millisecond))
	if *long {
		require.LessOrEqual(s.t, took, within, what)
	}
}

// rateWindow is how long a rate is measured.
const rateWindow = 250 * time.Millisecond

// delivered returns the number of the last record that the stream has given out.
func (s *scene) delivered(js jetstream.JetStream) uint64 {
	s.t.Helper()
	return s.consumer(js).Delivered.Stream
}

// component returns what the workers have last said of a component, added up.
func (s *scene) component(id string) (sum worker.ComponentSnapshot) {
	s.t.Helper()
	for _, c := range s.components() {
		if c.Component == id {
			sum.Pending, sum.Queued, sum.Counts = sum.Pending+c.Pending, sum.Queued+c.Queued, sum.Counts.Add(c.Counts)
		}
	}
	return sum
}

func (s *scene) components() (all []worker.ComponentSnapshot) {
	s.t.Helper()
	for _, r := range s.describe().Reports {
		all = append(all, r.Snapshot.Components()...)
	}
	return all
}

// busiest returns the component before which most tuples wait.
func (s *scene) busiest() string {
	s.t.Helper()
	all := s.components()
	return slices.MaxFunc(all, func(a, b worker.ComponentSnapshot) int { return int(a.Queued - b.Queued) }).Component
}
