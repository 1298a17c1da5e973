package process

import (
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// pairOf starts a spout and a bolt in two workers, and waits until they run.
func (s *site) pairOf(f *feed, out *sink) (w1, w2 *member) {
	s.t.Helper()
	s.assign(active(generation(1, runs("W1", feedTask), runs("W2", sinkTask))))
	w1, w2 = s.start("W1", 1, flow(f, newSink(nil))), s.start("W2", 1, flow(newFeed(), out))
	w1.awaitPhase(cluster.Running)
	w2.awaitPhase(cluster.Running)
	return w1, w2
}

// few tuples can be sent without waiting for credit.
const few = worker.Credits - 2

// A worker takes the place of one that hangs: trees that were with that one fail, and all that was emitted is acked in the end. The one whose
// place is gone ends.
func TestAnotherTakesAPlace(t *testing.T) {
	s := newSite(t, nil)
	f, stuck := newFeed(), newSink(make(chan struct{}))
	w1, w2 := s.pairOf(f, stuck)
	f.give(0, few)
	waitFor(t, func() bool { return stuck.waiting() > 0 && len(f.in) == 0 })

	s.assign(active(generation(1, runs("W1", feedTask), runs("W3", sinkTask))))
	out := newSink(nil)
	w3 := s.start("W3", 1, flow(newFeed(), out))
	require.NoError(t, w2.awaitEnd())
	waitFor(t, func() bool { return f.acked() == few })
	_, fails := f.counts()
	require.GreaterOrEqual(t, fails, few)
	numbers, _ := out.seen()
	require.Equal(t, few, numbers)

	w3.await("its link", func(r *cluster.Report) bool { return len(r.Links) == 1 && r.Links[0].Peer == "W1" && r.Links[0].Up })
	w1.await("its link", func(r *cluster.Report) bool { return len(r.Links) == 1 && r.Links[0].Peer == "W3" && r.Links[0].Up })
	f.give(few, few+10)
	waitFor(t, func() bool { return f.acked() == few+10 })
	s.assign(func(a *cluster.Assignment) { a.Active = false })
	waitFor(t, func() bool { return atRest([]*member{w1, w3}) })
}

// A worker's process dies while another waits for credit to send to it: what was under way is sent again to its next life.
func TestNextLifeOfAPeerThatWasWaitedFor(t *testing.T) {
	s := newSite(t, nil)
	f, stuck := newFeed(), newSink(make(chan struct{}))
	w1, w2 := s.pairOf(f, stuck)
	f.give(0, 900)
	blocked := w1.await("the spout to wait for credit", func(r *cluster.Report) bool { return len(r.Links) == 1 && r.Links[0].Blocked > 0 })
	require.Zero(t, f.acked())
	require.Positive(t, blocked.Progress.Pending)

	w2.end()
	out := newSink(nil)
	s.start("W2", 2, flow(newFeed(), out))
	waitFor(t, func() bool { return f.acked() == 900 })
	numbers, _ := out.seen()
	require.Equal(t, 900, numbers)
}

// A spout's process dies: what its next life emits is acked, and late words of the former one's trees are not taken for those of its own.
func TestNextLifeOfASpout(t *testing.T) {
	s := newSite(t, nil)
	f, slow := newFeed(), newSink(make(chan struct{}))
	w1, _ := s.pairOf(f, slow)
	f.give(0, few)
	waitFor(t, func() bool { return slow.waiting() > 0 && len(f.in) == 0 })
	w1.end()
	require.Zero(t, f.acked())

	again := newFeed()
	next := s.start("W1", 2, flow(again, newSink(nil)))
	next.awaitPhase(cluster.Running)
	again.give(1000, 1000+few)
	waitFor(t, func() bool { return len(again.in) == 0 })
	close(slow.gate)
	waitFor(t, func() bool { return again.acked() == few })
	_, fails := again.counts()
	require.Zero(t, fails)
}

// While NATS is away workers go on with what they have. When it is back, all arrives, once.
func TestNATSIsAway(t *testing.T) {
	s := newSite(t, nil)
	f, out := newFeed(), newSink(nil)
	w1, w2 := s.pairOf(f, out)
	f.give(0, 100)
	waitFor(t, func() bool { return f.acked() == 100 })
	s.restartServer(func() {
		f.give(100, 200)
		waitFor(t, func() bool { return len(f.in) == 0 })
	})
	waitFor(t, func() bool { return f.acked() == 200 })
	numbers, most := out.seen()
	require.Equal(t, []int{200, 1}, []int{numbers, most})
	_, fails := f.counts()
	require.Zero(t, fails)
	s.assign(func(a *cluster.Assignment) { a.Active = false })
	for _, w := range []*member{w1, w2} {
		w.await("the new version", func(r *cluster.Report) bool { return r.Version == s.last.Version })
	}
	waitFor(t, func() bool { return atRest([]*member{w1, w2}) })
}

// Workers of one generation can't go on when its tasks are dealt out anew.
func TestTasksAreSpreadAnew(t *testing.T) {
	s := newSite(t, nil)
	w1, _ := s.pairOf(newFeed(), newSink(nil))
	s.assign(active(generation(1, runs("W1", feedTask, sinkTask))))
	require.ErrorContains(t, w1.awaitEnd(), "spread anew within generation 1")
}
