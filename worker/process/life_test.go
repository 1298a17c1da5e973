package process

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// withAndWithoutKeys runs a test on a server that asks for credentials, and requires that a worker's own sufficed, and on one that doesn't.
func withAndWithoutKeys(t *testing.T, test func(s *site)) {
	t.Run("open", func(t *testing.T) { test(newSite(t, nil)) })
	t.Run("credentials", func(t *testing.T) {
		keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "keys"))
		require.NoError(t, err)
		s := newSite(t, keys)
		test(s)
		require.Empty(t, s.deniedPermissions())
	})
}

// The life of two workers from their start to their end, as Nimbus directs it.
func TestLife(t *testing.T) {
	withAndWithoutKeys(t, func(s *site) {
		f, out := newFeed(), newSink(nil)
		f.give(0, 100)
		g := generation(1, runs("W1", feedTask), runs("W2", sinkTask))
		s.assign(func(a *cluster.Assignment) { a.Next = g })
		w1, w2 := s.start("W1", 1, flow(f, out)), s.start("W2", 1, flow(f, out))
		for _, w := range []*member{w1, w2} {
			r := w.await("its assignment", func(r *cluster.Report) bool { return r.Version == s.last.Version })
			require.Equal(t, cluster.Standby, r.Phase)
			require.Empty(t, r.Snapshot.Tasks)
			require.True(t, r.Progress.Quiet)
		}

		s.assign(func(a *cluster.Assignment) { a.Current, a.Next = g, nil })
		require.False(t, w1.awaitPhase(cluster.Running).Active)
		w2.awaitPhase(cluster.Running)
		require.Len(t, f.in, 100, "an inactive spout has emitted")

		s.assign(func(a *cluster.Assignment) { a.Active = true })
		waitFor(t, func() bool { return f.acked() == 100 })
		s.assign(func(a *cluster.Assignment) { a.Active = false })
		w1.await("the pause", func(r *cluster.Report) bool { return r.Version == s.last.Version && !r.Active })
		f.give(100, 200)
		s.awaitReads(4)
		require.Len(t, f.in, 100, "a spout that was told to pause has emitted")
		s.assign(func(a *cluster.Assignment) { a.Active = true })
		waitFor(t, func() bool { return f.acked() == 200 })
		numbers, most := out.seen()
		require.Equal(t, []int{200, 1}, []int{numbers, most})

		drain(t, s, f, []*member{w1, w2})
		require.Equal(t, 1, out.mu.finished)
		for _, w := range []*member{w1, w2} {
			require.NoError(t, w.awaitEnd())
			w.awaitStopped()
			requireBeatOver(t, w)
		}
	})
}

// drain does with workers what Nimbus does.
func drain(t *testing.T, s *site, f *feed, workers []*member) {
	t.Helper()
	order := cluster.ControlRequest{Generation: 1, Drain: true}
	for _, w := range workers {
		r := w.ask(cluster.ControlDeactivate, order)
		require.Equal(t, cluster.Draining, r.Phase)
		require.False(t, r.Active)
	}
	s.assign(func(a *cluster.Assignment) { a.Active = true })
	f.give(200, 201)
	for _, w := range workers {
		r := w.await("the new version", func(r *cluster.Report) bool { return r.Version == s.last.Version })
		require.Equal(t, cluster.Draining, r.Phase, "what was told to drain has gone on")
	}
	waitFor(t, func() bool { return atRest(workers) })
	require.Len(t, f.in, 1)
	for _, w := range workers {
		w.ask(cluster.ControlFinish, cluster.ControlRequest{Generation: 1, Component: "asink"})
	}
	require.Equal(t, "the worker runs generation 1, the request is for generation 7", workers[0].tryAsk(cluster.ControlFinish, cluster.ControlRequest{Generation: 7}).Error)
	require.Equal(t, "there is no such request: dance", workers[0].tryAsk("dance", cluster.ControlRequest{}).Error)
	for _, w := range workers {
		w.ask(cluster.ControlStop, cluster.ControlRequest{Generation: 1})
	}
}

// atRest reports whether nothing is under way.
func atRest(workers []*member) bool {
	var sum cluster.Progress
	for _, w := range workers {
		p := w.ask(cluster.ControlStatus, cluster.ControlRequest{Generation: 1}).Progress
		if !p.Quiet || !p.SourcesOver {
			return false
		}
		sum.Sent, sum.Taken, sum.Pending = sum.Sent+p.Sent, sum.Taken+p.Taken, sum.Pending+p.Pending
	}
	return sum.Sent == sum.Taken && sum.Pending == 0
}

// awaitStopped requires that the last report says so.
func (m *member) awaitStopped() {
	m.s.t.Helper()
	waitFor(m.s.t, func() bool {
		for {
			select {
			case r := <-m.reports:
				if r.Phase == cluster.Stopped {
					return true
				}
			default:
				return false
			}
		}
	})
}

func requireBeatOver(t *testing.T, m *member) {
	t.Helper()
	require.Equal(t, cluster.BeatOver, beatOf(t, m))
}

func beatOf(t *testing.T, m *member) uint64 {
	t.Helper()
	beat, err := os.ReadFile(m.beatFile())
	require.NoError(t, err)
	require.Len(t, beat, 8)
	return binary.BigEndian.Uint64(beat)
}

// A worker whose place is gone ends by itself, in order: whether its topology is gone, has another id, or has others in its place.
func TestPlaceIsGone(t *testing.T) {
	for name, change := range map[string]func(s *site){
		"topology": func(s *site) {
			require.NoError(s.t, s.writer.Delete(s.t.Context(), cluster.AssignmentPrefix+theTopology))
		},
		"id":     func(s *site) { a := s.last; a.ID = "OTHERID"; s.write(a) },
		"worker": func(s *site) { s.assign(active(generation(2, runs("W2", sinkTask, feedTask)))) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
			w := s.start("W1", 1, flow(newFeed(), newSink(nil)))
			w.awaitPhase(cluster.Running)
			change(s)
			require.NoError(t, w.awaitEnd())
			requireBeatOver(t, w)
		})
	}
}

// What was written before the version that a worker follows changes nothing, but a later leader's word counts, whatever its version.
func TestOldVersions(t *testing.T) {
	s := newSite(t, nil)
	f := newFeed()
	s.last.Version = 10
	s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
	w := s.start("W1", 1, flow(f, newSink(nil)))
	w.awaitPhase(cluster.Running)
	old := s.last
	old.Version, old.Active, old.Current = 9, false, generation(1, runs("W2", sinkTask, feedTask))
	s.write(old)
	s.awaitReads(3)
	f.give(0, 10)
	waitFor(t, func() bool { return f.acked() == 10 })

	old.Epoch, old.Version, old.Current = old.Epoch+1, 3, s.last.Current
	s.write(old)
	w.await("the pause", func(r *cluster.Report) bool { return r.Version == 3 && !r.Active })
}

// A worker that is told to end before it has reached NATS ends in order.
func TestEndWithoutNATS(t *testing.T) {
	s := newSite(t, nil)
	s.access.URL = "nats://127.0.0.1:1"
	w := s.start("W1", 1, flow(newFeed(), newSink(nil)))
	waitFor(t, func() bool { return s.warned.FilterMessage("NATS can't be reached; trying again").Len() > 0 })
	w.kill()
	require.NoError(t, w.awaitEnd())
	requireBeatOver(t, w)
}

// Requests that can't be read are answered.
func TestMalformedRequest(t *testing.T) {
	s := newSite(t, nil)
	w := s.start("W1", 1, flow(newFeed(), newSink(nil)))
	w.awaitPhase(cluster.Standby)
	answers := make(chan *nats.Msg, 1)
	sub, err := s.daemon.ChanSubscribe("answers", answers)
	require.NoError(t, err)
	defer sub.Unsubscribe()
	require.NoError(t, s.daemon.PublishRequest(cluster.ControlSubject(theID, "W1", cluster.ControlStatus), "answers", []byte("{")))
	var answer cluster.ControlReply
	require.NoError(t, cluster.Decode("answer", (<-answers).Data, &answer))
	require.Contains(t, answer.Error, "can't be read")
}
