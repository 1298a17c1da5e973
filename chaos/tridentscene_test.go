package chaos

import (
	"maps"
	"slices"
	"testing"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/internal/rig"
	tridentstream "github.com/galestream/gale/trident/jetstream"
	"github.com/stretchr/testify/require"
)

// ledger is a cluster that runs a tally, and what watches it.
type ledger struct {
	*scene
	tally   tally
	book    *book
	witness *witness
}

// keep starts a cluster with streams on a server of their own, submits the tally and feeds it.
func keep(t *testing.T, o rig.Options, l tally) *ledger {
	t.Helper()
	g := prepare(t, o, l)
	g.begin()
	return g
}

// prepare is keep, but for what begins.
func prepare(t *testing.T, o rig.Options, l tally) *ledger {
	t.Helper()
	g := &ledger{scene: &scene{t: t, rig: rig.New(t)}, tally: l}
	g.streams = g.rig.Server("streams")
	g.cluster = g.rig.Cluster(o)
	return g
}

func (g *ledger) begin() {
	g.t.Helper()
	g.t.Cleanup(g.maybeExplain)
	g.tally.Name, g.tally.URL = "tally", g.streams.URL
	if g.tally.Sink == "" {
		g.tally.Sink = g.streams.URL
	}
	g.load.Name = g.tally.Name
	rig.MakeStream(g.t, g.streams.URL, inStream, inStream)
	err := tridentstream.EnsureSinkStream(g.t.Context(), tridentstream.SinkStream{Access: jetstream.Access{URL: g.streams.URL}, Stream: outStream, Subjects: []string{outStream}})
	require.NoError(g.t, err)
	g.book = readBook(g.t, g.streams.URL)
	g.oracle = rig.WatchSubject(g.t, g.streams.URL, outStream, outStream, func(n int64) int64 { return entryOf(n).Amount })
	g.topology = g.cluster.Submit(g.tally.submission(g.t))
	g.feed = rig.StartFeed(g.t, g.streams.URL, inStream, feedRate)
	g.oracle.AwaitMore(feedRate)
	g.witness = watchLog(g.t, g)
}

// settle ends the feed, has all be committed, and compares what there is with the oracle's.
func (g *ledger) settle() {
	g.t.Helper()
	g.arrive()
	last := g.book.awaitAll(g.feed.Last())
	g.witness.awaitPosition(last)
	g.judge(0)
	g.witness.end()
	g.compareStates()
}

// compareStates asks the partitions for every value; of windows, for the results of the last.
func (g *ledger) compareStates() { g.compareStatesOf(allKeys) }

// allKeys are more than there are.
const allKeys = 1 << 20

// compareStatesOf asks for so many values of each state.
func (g *ledger) compareStatesOf(keys int) {
	g.t.Helper()
	for _, state := range tallyStates {
		want := g.book.recent(state)
		require.NotEmpty(g.t, want, "what state %s should have", state)
		for _, key := range slices.Sorted(maps.Keys(want))[:min(keys, len(want))] {
			value := want[key]
			v, err := g.cluster.Client.State(g.t.Context(), g.tally.Name, state, key)
			require.NoError(g.t, err, "state %s, key %s", state, key)
			require.JSONEq(g.t, value, string(v.Value), "state %s, key %s, batch %d", state, key, v.TxID)
		}
	}
	g.t.Logf("the results of %d windows are right", len(g.book.closed(g.book.last())))
}
