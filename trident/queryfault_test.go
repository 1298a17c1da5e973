package trident_test

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// called is how a call that was asked beside the test ended.
type called struct {
	answer string
	err    error
}

// begin asks and doesn't wait.
func (a *asker) begin(ctx context.Context, component, request string) <-chan called {
	ended := make(chan called, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		answer, err := a.w.Ask(ctx, a.task(component), trident.QueryEndpoint, []byte(request))
		ended <- called{string(answer), err}
	}()
	return ended
}

// reaches waits until the figures of a component say so.
func (a *asker) reaches(component string, reached func(c worker.Counts) bool) {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		for _, task := range a.w.Snapshot().Tasks {
			if task.Component == component {
				return reached(task.Counts)
			}
		}
		return false
	}, patience, time.Millisecond)
}

// gate holds up a function of the topology until it is opened.
type gate struct{ reached, open chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

func (g gate) pass() {
	close(g.reached)
	<-g.open
}

// patient are options with which nothing fails for its time.
func patient() worker.Options {
	return worker.Options{SerializeEveryHop: true, MessageTimeout: time.Hour}
}

// twoRoads takes each call of a query to two tasks, of which the first gets the argument. What comes behind needs the ends of both.
func twoRoads(b *topology.Builder, f func(string) string) trident.Stream[string] {
	first := trident.Custom(func(string, int) int { return 0 })
	return trident.Map(trident.Repartition(trident.NewQuery(b, "road"), first).Named("roads").Parallelism(2), f)
}

const roadSpout = "query.road"

// TestACallThatFailsDoesNotHoldUpThoseBehindIt has a call fail in one stage while others are under way, and no more come, which would say that it doesn't count.
func TestACallThatFailsDoesNotHoldUpThoseBehindIt(t *testing.T) {
	b, slow := topology.NewBuilder("behind"), newGate()
	calls := twoRoads(b, func(s string) string {
		switch s {
		case "slow":
			slow.pass()
		case "poison":
			panic("poison")
		}
		return s
	}).Named("bites")
	trident.Answer(trident.AggregateAll(calls, trident.Count[string]()))
	a := startAsker(t, b, patient())
	_, err := a.ask(roadSpout, trident.QueryEndpoint, "first")
	require.NoError(t, err)
	before := a.begin(t.Context(), roadSpout, "slow")
	<-slow.reached
	poison := a.begin(t.Context(), roadSpout, "poison")
	a.reaches(roadSpout, func(c worker.Counts) bool { return c.Emitted == 3 })
	behind := a.begin(t.Context(), roadSpout, "behind")
	a.reaches(roadSpout, func(c worker.Counts) bool { return c.Emitted == 4 })
	close(slow.open)
	require.ErrorContains(t, (<-poison).err, `query "road": operator "bites": panic: poison`)
	require.Equal(t, called{"[1]", nil}, <-before)
	require.Equal(t, called{"[1]", nil}, <-behind)
}

// TestCallsFailAtOnceWhenATaskIsRestarted has the task of a state panic, in what is none of the query's business, while it has taken in, and
// acknowledged, records of a call whose end is still to come: nothing but the word of the new task says that they are lost.
func TestCallsFailAtOnceWhenATaskIsRestarted(t *testing.T) {
	b, held := topology.NewBuilder("restarted"), newGate()
	feed := trident.NewFeed[string](1, 1)
	var panicked atomic.Bool
	sink := &faultySink[trident.Pair[string, int64]]{may: func(uint64) error {
		if panicked.CompareAndSwap(false, true) {
			panic("once")
		}
		return nil
	}}
	self := func(s string) string { return s }
	counts := trident.PersistentAggregate(trident.GroupBy(trident.NewStream[string](b, "words", feed), self), "counts", trident.Count[string]())
	trident.PartitionPersist(counts.Updates(), "sink", sink)
	calls := trident.Repartition(trident.FlatMap(trident.NewQuery(b, "road"), manyFor("held")), trident.Shuffle[string]())
	calls = trident.Map(calls, func(s string) string {
		if s == "held" {
			held.pass()
		}
		return s
	})
	trident.Answer(trident.StateQuery(calls, counts, self, func(_ string, n int64, _ bool) int64 { return n }))
	o := patient()
	o.BatchSize = 1 // a chunk is sent when it is emitted: two of them, before the one that is held, and before what the feed is sent then
	a := startAsker(t, b, o)
	answer, err := a.ask(roadSpout, trident.QueryEndpoint, "word")
	require.NoError(t, err)
	require.Equal(t, "[0]", answer)
	call := a.begin(t.Context(), roadSpout, "held")
	<-held.reached
	_, err = feed.Send(t.Context(), 0, "word")
	require.NoError(t, err)
	ended := <-call
	close(held.open)
	require.EqualError(t, ended.err, `query "road": a task that worked on it was restarted; call again`)
	require.True(t, panicked.Load())
	require.Eventually(t, func() bool { // until the batch is committed
		answer, err := a.ask(roadSpout, trident.QueryEndpoint, "word")
		require.NoError(t, err)
		return answer == "[1]"
	}, patience, time.Millisecond)
}

// manyFor makes four chunks out of one record, the last of which is of that record alone.
func manyFor(record string) func(string) iter.Seq[string] {
	return func(s string) iter.Seq[string] {
		all := []string{s}
		if s == record {
			all = append(slices.Repeat([]string{"other"}, 3*4096), s)
		}
		return slices.Values(all)
	}
}

// TestACallerWhoGivesUpDoesNotHoldUpThoseBehind has the first tuple of a call lost on its way.
func TestACallerWhoGivesUpDoesNotHoldUpThoseBehind(t *testing.T) {
	b := topology.NewBuilder("gone")
	trident.Answer(trident.AggregateAll(twoRoads(b, func(s string) string { return s }), trident.Count[string]()))
	topo, err := b.Build()
	require.NoError(t, err)
	var armed atomic.Bool
	lost := make(chan struct{})
	c := topo.Component("query.road.arguments")
	require.NotNil(t, c)
	c.Middleware = append(c.Middleware, func(next topology.Handler) topology.Handler {
		return func(ctx context.Context, tuple *topology.Tuple, out *topology.Collector) error {
			if armed.CompareAndSwap(true, false) {
				close(lost)
				return nil
			}
			return next(ctx, tuple, out)
		}
	})
	a := startAskerOf(t, topo, patient())
	_, err = a.ask(roadSpout, trident.QueryEndpoint, "first")
	require.NoError(t, err)
	armed.Store(true)
	ctx, giveUp := context.WithCancel(t.Context())
	call := a.begin(ctx, roadSpout, "lost")
	<-lost
	behind := a.begin(t.Context(), roadSpout, "behind")
	a.reaches(roadSpout, func(c worker.Counts) bool { return c.Emitted == 3 })
	giveUp()
	require.ErrorIs(t, (<-call).err, context.Canceled)
	require.Equal(t, called{"[1]", nil}, <-behind)
}
