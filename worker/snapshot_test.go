package worker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestEdges counts what went from each task over each stream to each subscriber.
func TestEdges(t *testing.T) {
	s := newSource(90)
	s.emit = func(out *topology.SpoutCollector, i int) {
		if i%3 == 0 {
			out.Stream("side").EmitID(i, i)
			return
		}
		out.EmitID(i, i)
	}
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n").EmitsOn("side", "n")
		b.Bolt("a", ignore).Parallelism(2).Shuffle("src").All("src:side")
		b.Bolt("b", ignore).Shuffle("src")
	})
	src := w.Snapshot().Tasks[3].Task // a[0], a[1], b[0], src[0]
	require.ElementsMatch(t, []worker.EdgeSnapshot{
		{From: src, Stream: "default", To: "a", Transferred: 60},
		{From: src, Stream: "default", To: "b", Transferred: 60},
		{From: src, Stream: "side", To: "a", Transferred: 60},
	}, w.Snapshot().Edges)
}

// measuring is a bolt that has metrics of its own.
type measuring struct {
	seen  *topology.Counter
	level *topology.Gauge
	took  topology.Histogram
	extra int
}

func (m *measuring) Prepare(_ context.Context, tc *topology.Context) error {
	m.seen, m.level, m.took = tc.Counter("seen"), tc.Gauge("level"), tc.Histogram("took")
	for i := range m.extra {
		tc.Counter(fmt.Sprint("extra", i)).Add(1)
	}
	if tc.Counter("seen") != m.seen {
		return errors.New("two counters of one name")
	}
	return nil
}

func (m *measuring) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	m.seen.Add(2)
	m.level.Set(float64(t.Int("n")))
	m.took.Record(t.Int("n") + 1)
	return nil
}

// TestOwnMetrics shows the component's own figures of each task, and their sums.
func TestOwnMetrics(t *testing.T) {
	s := newSource(100)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("bolt", func() topology.Bolt { return &measuring{} }).Parallelism(2).Shuffle("src")
	})
	for _, task := range w.Snapshot().Tasks[:2] {
		require.Equal(t, map[string]int64{"seen": 100}, task.Counters)
		require.GreaterOrEqual(t, task.Gauges["level"], 98.0)
		require.EqualValues(t, 50, task.Own["took"].Count())
		require.GreaterOrEqual(t, task.Own["took"].Max(), int64(99))
	}
	require.Equal(t, map[string]int64{"seen": 200}, of(t, w, "bolt").Counters)
}

// TestOwnMetricsAreBounded shows 256 of a kind; each further one is reported.
func TestOwnMetricsAreBounded(t *testing.T) {
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("bolt", func() topology.Bolt { return &measuring{extra: 300} }).Shuffle("src")
	})
	bolt := w.Snapshot().Tasks[0]
	require.Len(t, bolt.Counters, 256)
	require.EqualValues(t, 2, bolt.Counters["seen"])
	require.EqualValues(t, 301-256, of(t, w, "bolt").Errors)
	require.Contains(t, errorsOf(w, "bolt")[0], "bolt[0] has 256 metrics of a kind already")
}

// TestErrorsAreBounded keeps the last ten of each component and counts all.
func TestErrorsAreBounded(t *testing.T) {
	const n = 500
	s := newSource(n)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("bad", execute(func(t *topology.Tuple, _ *topology.Collector) error { return fmt.Errorf("error %d", t.Int("n")) })).Shuffle("src")
		b.Bolt("reports", execute(func(t *topology.Tuple, out *topology.Collector) error {
			if t.Int("n") < 3 {
				out.Report(fmt.Errorf("report %d", t.Int("n")))
			}
			return nil
		})).Shuffle("src")
	})
	snapshot := w.Snapshot()
	require.Equal(t, map[string]int64{"bad": n, "reports": 3}, snapshot.ErrorTotals)
	require.Len(t, snapshot.Errors, 13)
	require.Equal(t, []string{"report 0", "report 1", "report 2"}, errorsOf(w, "reports"))
	bad := errorsOf(w, "bad")
	require.Equal(t, []string{"error 490", "error 499"}, []string{bad[0], bad[9]})
	require.EqualValues(t, n, of(t, w, "bad").Errors)
}

// TestComponentsAreSums adds up the tasks of a component.
func TestComponentsAreSums(t *testing.T) {
	s := newSource(1000)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("a", execute(func(t *topology.Tuple, out *topology.Collector) error {
			out.Emit(t.Int("n"))
			if t.Int("n")%4 == 0 {
				return errRefused
			}
			return nil
		})).Emits("n").Parallelism(3).Shuffle("src")
		b.Bolt("b", ignore).Parallelism(2).Shuffle("a")
	})
	snapshot := w.Snapshot()
	components := snapshot.Components()
	require.Len(t, components, 3)
	for _, c := range components {
		var sum worker.Counts
		var execute, process, complete int64
		tasks := 0
		for _, task := range snapshot.Tasks {
			if task.Component == c.Component {
				tasks++
				sum = sum.Add(task.Counts)
				execute, process, complete = execute+task.Execute.Count(), process+task.Process.Count(), complete+task.Complete.Count()
			}
		}
		require.Equal(t, sum, c.Counts)
		require.Equal(t, []any{tasks, execute, process, complete}, []any{c.Tasks, c.Execute.Count(), c.Process.Count(), c.Complete.Count()})
	}
	a, b, src := components[0], components[1], components[2]
	require.EqualValues(t, []any{"a", "b", "src"}, []any{a.Component, b.Component, src.Component})
	require.EqualValues(t, []int64{1000, 750, 250, 1000}, []int64{a.Executed, a.Acked, a.Failed, a.Execute.Count()})
	require.EqualValues(t, []int64{1000, 1000, 750}, []int64{b.Executed, b.Acked, src.Complete.Count()})
	require.EqualValues(t, []int64{750, 250, 1000}, []int64{src.Acked, src.Failed, src.Transferred})
}

// TestSnapshotWhileRunning says what the tasks are at, and never goes back.
func TestSnapshotWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(100)
		w := makeWorker(t, worker.Options{MessageTimeout: time.Hour}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("slow", execute(func(*topology.Tuple, *topology.Collector) error {
				time.Sleep(time.Second) // of the bubble's time
				return nil
			})).Shuffle("src")
		})
		require.Equal(t, "starting", w.Snapshot().State)
		_, result := background(t, w)
		for last := w.Snapshot(); last.Uptime < 95*time.Second; {
			time.Sleep(time.Second)
			synctest.Wait()
			now := w.Snapshot()
			require.Equal(t, "running", now.State)
			slow, src := now.Tasks[0], now.Tasks[1]
			require.EqualValues(t, now.Uptime/time.Second, slow.Executed)
			require.EqualValues(t, 100-slow.Executed, src.Pending)
			require.GreaterOrEqual(t, src.IdleNanos, last.Tasks[1].IdleNanos)
			last = now
		}
		require.NoError(t, <-result)
		require.Equal(t, "ended", w.Snapshot().State)
		require.Equal(t, 50*time.Second, time.Duration(of(t, w, "src").Complete.Quantile(0.5)).Round(time.Second))
	})
}
