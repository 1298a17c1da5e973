package process

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// spoutOf is a topology of one spout, whose task is 2, and a bolt.
func spoutOf(s topology.Spout) func(*topology.Builder) {
	return func(b *topology.Builder) {
		b.Spout("feed", func() topology.Spout { return s }).Emits("n")
		b.Bolt("asink", func() topology.Bolt { return newSink(nil) }).Shuffle("feed")
	}
}

func (s *site) alone(spout topology.Spout) *member {
	s.t.Helper()
	s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
	return s.start("W1", 1, spoutOf(spout))
}

// hook is a spout made of what a test wants to happen.
type hook struct {
	open func(ctx context.Context) error
	next func(ctx context.Context) error
}

func (h *hook) Open(ctx context.Context, _ *topology.Context) error {
	if h.open == nil {
		return nil
	}
	return h.open(ctx)
}

func (h *hook) Next(ctx context.Context, _ *topology.SpoutCollector) error {
	if h.next == nil {
		return nil
	}
	return h.next(ctx)
}

// A worker whose component has ended the topology stays, to say so, until it is told to stop.
func TestFatalError(t *testing.T) {
	s := newSite(t, nil)
	w := s.alone(&hook{next: func(context.Context) error { return topology.Fatal(errRefused) }})
	r := w.await("the error", func(r *cluster.Report) bool { return r.Fatal != "" })
	require.Contains(t, r.Fatal, errRefused.Error())
	require.Equal(t, cluster.Stopped, r.Phase)
	s.assign(func(a *cluster.Assignment) { a.Active = false })
	w.await("the new version", func(r *cluster.Report) bool { return r.Version == s.last.Version && r.Fatal != "" })
	w.ask(cluster.ControlDeactivate, cluster.ControlRequest{Generation: 1, Drain: true})
	w.ask(cluster.ControlStop, cluster.ControlRequest{Generation: 1})
	require.NoError(t, w.awaitEnd())
}

// A worker whose tasks can't be opened fails, and is started anew by its supervisor.
func TestOpenFails(t *testing.T) {
	s := newSite(t, nil)
	w := s.alone(&hook{open: func(context.Context) error { return errRefused }})
	require.ErrorIs(t, w.awaitEnd(), errRefused)
	beat := beatOf(t, w)
	require.NotEqual(t, cluster.BeatOver, beat)
}

// A spout that doesn't return from Next keeps nobody waiting: the worker reports and answers, and ends when it is told to.
func TestBlockedSpout(t *testing.T) {
	s := newSite(t, nil)
	inside := make(chan struct{})
	var once sync.Once
	w := s.alone(&hook{next: func(ctx context.Context) error {
		once.Do(func() { close(inside) })
		<-ctx.Done()
		return nil
	}})
	<-inside
	s.assign(func(a *cluster.Assignment) { a.Active = false })
	r := w.await("the new version", func(r *cluster.Report) bool { return r.Version == s.last.Version })
	for range 3 {
		r = w.await("another report", func(next *cluster.Report) bool { return next.Seq > r.Seq })
	}
	require.True(t, r.Active, "the spout hasn't heard that it should pause")
	require.False(t, w.ask(cluster.ControlStatus, cluster.ControlRequest{}).Progress.Quiet)
	pause := make(chan *cluster.ControlReply, 1)
	go func() {
		pause <- w.tryAsk(cluster.ControlDeactivate, cluster.ControlRequest{Generation: 1, Drain: true})
	}()
	w.awaitPhase(cluster.Draining)
	w.ask(cluster.ControlStop, cluster.ControlRequest{Generation: 1})
	require.Contains(t, (<-pause).Error, "not all spouts have paused")
	require.NoError(t, w.awaitEnd())
	requireBeatOver(t, w)
}

// What is said while tasks are being opened counts when they are open: not what was said first.
func TestPauseWhileOpening(t *testing.T) {
	for name, pause := range map[string]func(s *site, w *member, release func()){
		"assignment": func(s *site, w *member, release func()) {
			s.assign(func(a *cluster.Assignment) { a.Active = false })
			w.await("the new version", func(r *cluster.Report) bool { return r.Version == s.last.Version })
			release()
			require.False(s.t, w.awaitPhase(cluster.Running).Active)
		},
		"drain": func(_ *site, w *member, release func()) {
			answer := make(chan *cluster.ControlReply, 1)
			go func() {
				answer <- w.tryAsk(cluster.ControlDeactivate, cluster.ControlRequest{Generation: 1, Drain: true})
			}()
			release()
			require.Empty(w.s.t, (<-answer).Error)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			var calls atomic.Int64
			opened := make(chan struct{})
			w := s.alone(&hook{
				open: func(context.Context) error { <-opened; return nil },
				next: func(context.Context) error { calls.Add(1); return nil },
			})
			w.awaitPhase(cluster.Opening)
			pause(s, w, func() { close(opened) })
			before := calls.Load()
			for range 3 {
				seq := w.ask(cluster.ControlStatus, cluster.ControlRequest{}).Seq
				w.await("another report", func(r *cluster.Report) bool { return r.Seq > seq })
			}
			require.Equal(t, before, calls.Load(), "the spout was called after it was paused")
		})
	}
}

// A worker that was told to drain before it had tasks opens none, and can be stopped.
func TestDrainInStandby(t *testing.T) {
	s := newSite(t, nil)
	g := generation(1, runs("W1", sinkTask, feedTask))
	s.assign(func(a *cluster.Assignment) { a.Next = g })
	w := s.start("W1", 1, flow(newFeed(), newSink(nil)))
	w.awaitPhase(cluster.Standby)
	w.ask(cluster.ControlDeactivate, cluster.ControlRequest{Generation: 1, Drain: true})
	s.assign(active(g))
	r := w.await("the new version", func(r *cluster.Report) bool { return r.Version == s.last.Version })
	require.Equal(t, cluster.Standby, r.Phase)
	require.True(t, r.Progress.Quiet)
	w.ask(cluster.ControlStop, cluster.ControlRequest{Generation: 1})
	require.NoError(t, w.awaitEnd())
}

// A report that is too large for NATS does without figures, but is sent.
func TestLargeReportIsCut(t *testing.T) {
	s := newSite(t, nil)
	h := &host{spec: cluster.WorkerSpec{TopologyID: theID, Worker: "W1"}, nc: s.daemon, log: zap.New(s.core)}
	got := make(chan *nats.Msg, 1)
	sub, err := s.daemon.ChanSubscribe(cluster.ReportSubject(theID, "W1"), got)
	require.NoError(t, err)
	defer sub.Unsubscribe()
	sent := func(tasks, counters int) (r cluster.Report) {
		require.NoError(t, h.publish(cluster.Report{Seq: 7, Snapshot: snapshotOf(tasks, counters)}))
		require.NoError(t, cluster.Decode("report", (<-got).Data, &r))
		require.EqualValues(t, 7, r.Seq)
		return r
	}
	r := sent(10, 10)
	require.Len(t, r.Snapshot.Tasks[9].Counters, 10)
	require.Len(t, r.Snapshot.Edges, 10)
	r = sent(200, 200)
	require.Len(t, r.Snapshot.Tasks, 200)
	require.Empty(t, r.Snapshot.Tasks[0].Counters)
	require.Empty(t, sent(5000, 0).Snapshot.Tasks)
	sent(5000, 0)
	require.Equal(t, 2, s.warned.Len(), "the same is said once")
}

func snapshotOf(tasks, counters int) (s worker.Snapshot) {
	for i := range tasks {
		t := worker.TaskSnapshot{Task: topology.TaskID(i), Counters: map[string]int64{}}
		for j := range counters {
			t.Counters[string(rune('a'+j%26))+string(rune('a'+j/26))+"-a-counter-with-a-name"] = 1
		}
		s.Tasks = append(s.Tasks, t)
		s.Edges = append(s.Edges, worker.EdgeSnapshot{From: t.Task})
	}
	return s
}

// A NATS that takes small messages only is refused with what to do about it.
func TestNATSTakesTooLittle(t *testing.T) {
	n, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, MaxPayload: 64 << 10, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	n.Start()
	defer func() { n.Shutdown(); n.WaitForShutdown() }()
	require.True(t, n.ReadyForConnections(patience))
	h := newHost(nil, worker.Options{}, cluster.WorkerSpec{Worker: "W1"})
	h.nc = connect(t, n.ClientURL())
	g := generation(1, runs("W1", 1))
	d := newDirectory(g)
	require.NoError(t, d.update(g))
	_, err = h.optionsFor(g, d)
	require.ErrorContains(t, err, "raise max_payload")
}

// The sign of life changes while the worker lives, and a worker that can't give one doesn't start.
func TestBeat(t *testing.T) {
	s := newSite(t, nil)
	w := s.start("W1", 1, flow(newFeed(), newSink(nil)))
	w.awaitPhase(cluster.Standby)
	first := beatOf(t, w)
	waitFor(t, func() bool { return beatOf(t, w) > first })
	err := Run(t.Context(), nil, worker.Options{}, cluster.WorkerSpec{BeatFile: filepath.Join(t.TempDir(), "no", "beat")})
	require.ErrorContains(t, err, "sign of life")
}
