package client

import (
	"context"
	"strings"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// counted runs a topology over words until it has ended: it leaves its state in the fake's JetStream.
func (f *fake) counted(t *testing.T, name, words string) {
	t.Helper()
	b := topology.NewBuilder(name)
	trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) {
		return changelog.JetStream(t.Context(), f.nc, name, changelog.Options{})
	}))
	g := trident.GroupBy(trident.NewStream(b, "words", trident.Records(strings.Fields(words))), func(x string) string { return x })
	trident.PersistentAggregate(g, "counts", trident.Count[string]()).Parallelism(2)
	trident.PersistentAggregate(g, "lengths", trident.Sum(func(x string) int { return len(x) }))
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err())
}

func (f *fake) stream(t *testing.T, name string) jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(f.nc)
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), name)
	require.NoError(t, err)
	return s
}

// stateOf returns a value as JSON.
func stateOf(t *testing.T, c *Client, topology, state, key string) string {
	t.Helper()
	v, err := c.State(t.Context(), topology, state, key)
	require.NoError(t, err)
	require.Equal(t, StateValue{Topology: topology, State: state, Key: key, Value: v.Value, TxID: v.TxID}, v)
	require.Positive(t, v.TxID)
	return string(v.Value)
}

func TestStateThatATopologyHasLeft(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.run(t, newKeeper("running"))
	f.counted(t, "words.1", "a b a c a ee")
	c := f.client(t)
	require.Equal(t, "3", stateOf(t, c, "words.1", "counts", "a"))
	require.Equal(t, "2", stateOf(t, c, "words.1", "lengths", "ee"))
	all, err := c.States(t.Context(), "words.1")
	require.NoError(t, err)
	require.Positive(t, all[0].TxID)
	require.Equal(t, []StateInfo{
		{Topology: "words.1", Name: "counts", Kind: "map", Component: "counts", KeyType: "string", Partitions: 1, Answered: 1, Keys: 4, Bytes: 9, TxID: all[0].TxID},
		{Topology: "words.1", Name: "lengths", Kind: "map", Component: "lengths", KeyType: "string", Partitions: 1, Answered: 1, Keys: 4, Bytes: 9, TxID: all[0].TxID},
	}, all)
	names, err := c.StateTopologies(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"words.1"}, names)

	_, err = c.State(t.Context(), "words.1", "counts", "beta")
	require.ErrorContains(t, err, `the state "counts" of topology "words.1" has no key "beta"`)
	hint(t, cluster.NotFound, err)
	_, err = c.State(t.Context(), "words.1", "count", "a")
	require.Equal(t, "did you mean counts?", hint(t, cluster.NotFound, err))
	for _, name := range []string{"words.2", "ruming"} {
		_, err = c.State(t.Context(), name, "counts", "a")
		require.ErrorContains(t, err, "and no state of one")
		require.Contains(t, hint(t, cluster.NotFound, err), map[string]string{"words.2": "did you mean words.1?", "ruming": "did you mean running?"}[name])
	}
	require.NoError(t, changelog.Remove(t.Context(), must(jetstream.New(f.nc)), "words.1"))
	_, err = c.State(t.Context(), "words.1", "counts", "a")
	hint(t, cluster.NotFound, err)
	_, err = c.States(t.Context(), "words.1")
	hint(t, cluster.NotFound, err)
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// A topology is known while it runs, ends, and is dropped: each time what it has is read from where it is.
func TestStateOfATopologyThatEndsMeanwhile(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.counted(t, "words", "a a")
	k := newKeeper("words")
	f.run(t, k)
	c := f.client(t)
	require.Contains(t, stateOf(t, c, "words", "counts", "a"), "12345678901234567890", "it runs, and is asked")
	clear(k.answers)
	for _, status := range []cluster.Status{cluster.Killed, cluster.Finished, cluster.Failed} {
		d := k.describe()
		d.Status, d.Workers = status, nil
		f.know(map[string]cluster.Description{"words": d})
		require.Equal(t, "2", stateOf(t, c, "words", "counts", "a"), status)
	}
	d := (&keeper{name: "plain", tasks: map[string]int{"lines": 1}}).describe()
	d.Status, d.Workers = cluster.Finished, nil
	f.know(map[string]cluster.Description{"plain": d})
	_, err := c.States(t.Context(), "plain")
	require.ErrorContains(t, err, `topology "plain" has left no state`)
	hint(t, cluster.NotFound, err)
}

// One that should run, and does not answer, has not ended.
func TestStateOfATopologyThatOnlyStartsIsNotReadFromItsLog(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.counted(t, "begun", "a a")
	begun := newKeeper("begun")
	delete(begun.answers, statesEndpoint)
	f.run(t, begun)
	_, err := f.client(t).State(t.Context(), "begun", "counts", "a")
	hint(t, cluster.Unavailable, err)
}

func TestWhatIsDamagedOfStateThatWasLeftIsNamed(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.know(nil)
	f.counted(t, "words", "a b")
	log := f.stream(t, "GALE_STATE_words")
	last, err := log.GetLastMsgForSubject(t.Context(), "gale.state.words.staged")
	require.NoError(t, err)
	require.NoError(t, log.DeleteMsg(t.Context(), last.Sequence))
	for _, look := range []func(c *Client) error{
		func(c *Client) error { _, err := c.State(t.Context(), "words", "counts", "a"); return err },
		func(c *Client) error { _, err := c.States(t.Context(), "words"); return err },
	} {
		err = look(f.client(t))
		require.Equal(t, cluster.Internal, cluster.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, "GALE_STATE_words is damaged")
	}
}

// A key that is none is refused as by the topology itself.
func TestAKeyThatIsNoneIsRefused(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.know(nil)
	b := topology.NewBuilder("numbers")
	trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) {
		return changelog.JetStream(t.Context(), f.nc, "numbers", changelog.Options{})
	}))
	trident.PersistentAggregate(trident.GroupBy(trident.NewStream(b, "n", trident.Records([]int{7, 7})), func(n int) int { return n }), "counts", trident.Count[int]())
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Run(t.Context()))
	c := f.client(t)
	require.Equal(t, "2", stateOf(t, c, "numbers", "counts", "7"))
	_, err = c.State(t.Context(), "numbers", "counts", "seven")
	require.Equal(t, cluster.Refused, cluster.CodeOf(err))
	require.ErrorContains(t, err, `"seven" is no key of type int`)
}
