package trident_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// event is a record with a time.
type event struct {
	Key string
	At  int64 // ms
	N   int64
}

func (e event) time() time.Time             { return time.UnixMilli(e.At) }
func eventKey(e event) string               { return e.Key }
func eventNumber(e event) int64             { return e.N }
func ms(n int64) time.Duration              { return time.Duration(n) * time.Millisecond }
func sumOf() trident.Combiner[event, int64] { return trident.Sum(eventNumber) }

// sumOneByOne is a sum that can't be made of parts.
func sumOneByOne() trident.Reducer[event, int64] {
	return trident.Reducer[event, int64]{Zero: func() int64 { return 0 }, Reduce: func(a int64, e event) int64 { return a + e.N }}
}

// closing is what a window gave.
type closing struct {
	Key        string
	Start, End int64
	Sum        int64
}

func inOrder(a, b closing) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Sum, b.Sum))
}

func closingOf(p trident.Pair[string, trident.Window[int64]]) closing {
	return closing{p.Key, p.Value.Start.UnixMilli(), p.Value.End.UnixMilli(), p.Value.Value}
}

// clockModel is windows by the time of records, done with all records at hand.
type clockModel struct {
	size, slide, lateness int64
	newest                int64
	closed                int64 // nothing that ends up to here takes records
	open                  map[closing]int64
	late                  []event
}

func (m *clockModel) batch(batch []event, last bool) (results []closing) {
	closed := m.closed
	for _, e := range batch {
		m.newest = max(m.newest, e.At)
		taken := false
		for start := -20 * m.slide; start <= e.At; start += m.slide {
			if e.At < start+m.size && start+m.size > closed {
				m.open[closing{Key: e.Key, Start: start, End: start + m.size}] += e.N
				taken = true
			}
		}
		if !taken {
			m.late = append(m.late, e)
		}
	}
	m.closed = m.newest - m.lateness
	for w, sum := range m.open {
		if last || w.End <= m.closed {
			delete(m.open, w)
			w.Sum = sum
			results = append(results, w)
		}
	}
	return results
}

// TestWindowsByTimeOfRecords holds windows against a model that looks at all windows there are, in batches, with late records, in one task and several.
func TestWindowsByTimeOfRecords(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sh := shape{rapid.IntRange(1, 20).Draw(r, "batch"), rapid.IntRange(1, 3).Draw(r, "before"), rapid.IntRange(1, 4).Draw(r, "behind")}
		m := &clockModel{size: rapid.Int64Range(1, 12).Draw(r, "size"), lateness: rapid.Int64Range(0, 5).Draw(r, "lateness"), newest: -1000, closed: -1000, open: map[closing]int64{}}
		m.slide = rapid.Int64Range(1, m.size).Draw(r, "slide")
		records := drawEvents(r)
		combined := rapid.Bool().Draw(r, "combined")
		var results *committed[trident.Pair[string, trident.Window[int64]]]
		var late *committed[event]
		runToEnd(r, func(b *topology.Builder) {
			trident.Configure(b, trident.BatchRecords(sh.batch))
			s := trident.Repartition(trident.NewStream(b, "events", trident.Records(records)), inTurns[event]()).Parallelism(sh.before)
			var a trident.Aggregator[event, int64] = sumOf()
			if !combined {
				a = sumOneByOne()
			}
			w := trident.SlidingTime(trident.GroupBy(s, eventKey), "windows", ms(m.size), ms(m.slide), a, trident.EventTime(event.time, ms(m.lateness))).Parallelism(sh.behind)
			results, late = commits(w.Results(), "results"), commits(w.Late(), "late")
		})
		batches := slices.Collect(slices.Chunk(records, sh.batch))
		var want [][]closing
		for i, batch := range batches {
			if found := m.batch(batch, i == len(batches)-1); len(found) > 0 {
				want = append(want, found)
			}
		}
		require.Equal(r, sorted(want, inOrder), sorted(closingsOf(results), inOrder))
		require.ElementsMatch(r, m.late, late.all())
	})
}

func closingsOf(c *committed[trident.Pair[string, trident.Window[int64]]]) (batches [][]closing) {
	for _, b := range c.batches() {
		var found []closing
		for _, p := range b {
			found = append(found, closingOf(p))
		}
		batches = append(batches, found)
	}
	return batches
}

func drawEvents(r *rapid.T) []event {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) event {
		return event{
			Key: rapid.SampledFrom([]string{"", "a", "b", "m0"}).Draw(r, "key"),
			At:  rapid.Int64Range(-5, 60).Draw(r, "at"), N: rapid.Int64Range(0, 9).Draw(r, "n"),
		}
	}), 0, 50).Draw(r, "events")
}

// TestWindowsByCount holds windows against all records of a key in a row.
func TestWindowsByCount(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sh := shape{rapid.IntRange(1, 20).Draw(r, "batch"), 1, rapid.IntRange(1, 4).Draw(r, "behind")}
		n := rapid.IntRange(1, 9).Draw(r, "n")
		every := rapid.IntRange(1, n).Draw(r, "every")
		records := drawEvents(r)
		combined := rapid.Bool().Draw(r, "combined")
		got := through(r, sh, records, func(s trident.Stream[event]) trident.Stream[trident.Pair[string, int64]] {
			var a trident.Aggregator[event, int64] = sumOf()
			if !combined {
				a = sumOneByOne()
			}
			return trident.SlidingCount(trident.GroupBy(s, eventKey), "windows", n, every, a).Parallelism(sh.behind)
		})
		seen := map[string][]event{}
		want := modelled(slices.Collect(slices.Chunk(records, sh.batch)), func(batch []event) (results []trident.Pair[string, int64]) {
			for _, e := range batch {
				seen[e.Key] = append(seen[e.Key], e)
				if had := len(seen[e.Key]); had >= n && (had-n)%every == 0 {
					results = append(results, trident.Pair[string, int64]{Key: e.Key, Value: total(seen[e.Key][had-n:])})
				}
			}
			return results
		})
		require.Equal(r, sorted(want, byKeyThenValue[string, int64]), sorted(got, byKeyThenValue[string, int64]))
	})
}

func total(events []event) (sum int64) {
	for _, e := range events {
		sum += e.N
	}
	return sum
}

// TestAnAggregatorMayChangeWhatItIsGiven has windows that overlap, of an aggregate that is changed in place.
func TestAnAggregatorMayChangeWhatItIsGiven(t *testing.T) {
	counts := trident.Combiner[event, map[string]int64]{
		Init: func(e event) map[string]int64 { return map[string]int64{e.Key: 1} },
		Combine: func(a, b map[string]int64) map[string]int64 {
			for k, n := range b {
				a[k] += n
			}
			return a
		},
	}
	records := []event{{"a", 0, 1}, {"b", 1, 1}, {"a", 2, 1}, {"c", 3, 1}, {"a", 4, 1}}
	sh := shape{batch: 10, before: 1}
	byCount := through(t, sh, records, func(s trident.Stream[event]) trident.Stream[map[string]int64] {
		return trident.SlidingCountAll(s, "windows", 3, 1, counts)
	})
	require.Equal(t, [][]map[string]int64{{{"a": 2, "b": 1}, {"a": 1, "b": 1, "c": 1}, {"a": 2, "c": 1}}}, byCount)
	byTime := through(t, sh, records, func(s trident.Stream[event]) trident.Stream[trident.Window[map[string]int64]] {
		return trident.SlidingTimeAll(s, "windows", ms(3), ms(1), counts, trident.EventTime(event.time, 0)).Results()
	})
	var values []map[string]int64
	for _, w := range byTime[0] {
		require.Equal(t, ms(3), w.End.Sub(w.Start))
		values = append(values, w.Value)
	}
	require.Equal(t, []map[string]int64{
		{"a": 1}, {"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 1, "c": 1}, {"a": 2, "c": 1}, {"a": 1, "c": 1}, {"a": 1},
	}, values)
}

// TestWindowsByTimeOfBatchesCloseByTheClock has windows close though nothing comes any more, and each record be in one.
func TestWindowsByTimeOfBatchesCloseByTheClock(t *testing.T) {
	feed := trident.NewFeed[event](1, 100)
	changed := make(chan struct{}, 1)
	b := topology.NewBuilder("windows")
	s := trident.NewStream[event](b, "events", feed)
	got := commits(trident.TumblingTime(trident.GroupBy(s, eventKey), "windows", ms(20), sumOf()).Parallelism(2).Results(), "results")
	got.changed = changed
	stop := start(t, b)
	sums := func() map[string]int64 {
		sums := map[string]int64{}
		for _, p := range got.all() {
			sums[p.Key] += p.Value.Value
		}
		return sums
	}
	for round := range int64(3) {
		_, err := feed.Send(t.Context(), 0, event{"a", 0, 1}, event{"b", 0, 2}, event{"a", 0, 3})
		require.NoError(t, err)
		want := map[string]int64{"a": 4 * (round + 1), "b": 2 * (round + 1)}
		eventually(t, changed, func() bool { return fmt.Sprint(sums()) == fmt.Sprint(want) })
	}
	stop()
	for _, p := range got.all() {
		require.Zero(t, p.Value.Start.UnixMilli()%20)
		require.Equal(t, ms(20), p.Value.End.Sub(p.Value.Start))
	}
}

// start runs a topology beside the test; stop ends it.
func start(t *testing.T, b *topology.Builder) (stop func()) {
	return startWith(t, b, worker.Options{SerializeEveryHop: true})
}

func startWith(t *testing.T, b *topology.Builder, o worker.Options) (stop func()) {
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		require.NoError(t, <-ended)
	}
}

// TestWindowsOnDiskGiveTheSame looks for their files, too, and goes on with one that a run before has left.
func TestWindowsOnDiskGiveTheSame(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(changelog.Variable, "folder:"+folder)
	options := []trident.StateOption{trident.OnDisk()}
	run := func(records []event) (counts [][]int64, times [][]closing) {
		var byCount *committed[int64]
		var byTime *committed[trident.Pair[string, trident.Window[int64]]]
		runToEnd(t, func(b *topology.Builder) {
			trident.Configure(b, trident.BatchRecords(2))
			s := trident.NewStream(b, "events", trident.Records(records))
			byCount = commits(trident.TumblingCountAll(s, "counts", 4, sumOf(), options...), "byCount")
			of := append(ofWindows(options), trident.EventTime(event.time, 0))
			byTime = commits(trident.TumblingTime(trident.GroupBy(s, eventKey), "times", ms(3), sumOf(), of...).Results(), "byTime")
		})
		return byCount.batches(), sorted(closingsOf(byTime), inOrder)
	}
	records := []event{{"a", 0, 1}, {"b", 1, 2}, {"a", 2, 3}, {"b", 3, 4}, {"a", 4, 5}, {"a", 5, 6}}
	counts, times := run(records)
	require.Equal(t, [][]int64{{10}}, counts)
	require.Equal(t, [][]closing{{{"a", 0, 3, 4}, {"b", 0, 3, 2}}, {{"a", 3, 6, 11}, {"b", 3, 6, 4}}}, times)
	for _, state := range []string{"counts", "times"} {
		require.FileExists(t, filepath.Join(folder, "files", "operators", state+"-0-of-1.db"))
	}
	counts, _ = run(append(records, event{"b", 6, 7}, event{"b", 7, 8}))
	require.Equal(t, [][]int64{{10}, {5 + 6 + 7 + 8}}, counts, "the window that was open goes on; a sink that is new is given all again")
}
