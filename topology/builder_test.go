package topology_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func build(t testing.TB, b *topology.Builder) *topology.Topology {
	t.Helper()
	built, err := b.Build()
	require.NoError(t, err)
	return built
}

func TestBuildKeepsWhatWasDeclared(t *testing.T) {
	type settings struct{ Limit int }
	b := topology.NewBuilder("words").MessageTimeout(time.Minute).TimeoutMode(topology.SinceProgress).MaxSpoutPending(1 << 20)
	b.Spout("lines", source).Emits("line", "file").MaxPending(7).Parallelism(2)
	b.Bolt("split", sink).Shuffle("lines").Emits("word").EmitsOn("odd", "line", "why").EmitsDirect("to", "x").
		Settings(settings{Limit: 3}).Tick(time.Millisecond).ManualAck()
	b.Bolt("count", sink).Fields("split", "word").Parallelism(4).Retry(topology.Retry{Attempts: 5})
	built := build(t, b)

	require.Equal(t, "words", built.Name)
	require.Equal(t, topology.Options{MessageTimeout: time.Minute, TimeoutMode: topology.SinceProgress, MaxSpoutPending: 1 << 20}, built.Options)
	require.Equal(t, []string{"count", "lines", "split"}, ids(built.Components))

	lines, split, count := built.Component("lines"), built.Component("split"), built.Component("count")
	require.True(t, lines.IsSpout())
	require.Equal(t, 7, lines.MaxPending)
	require.Empty(t, lines.Inputs)
	require.False(t, split.IsSpout())
	require.Equal(t, 1, split.Parallelism)
	require.Equal(t, settings{Limit: 3}, split.Settings)
	require.Equal(t, time.Millisecond, split.Tick)
	require.True(t, split.ManualAck)
	require.Nil(t, split.Retry)
	require.Equal(t, []string{"line", "why"}, split.Stream("odd").Fields)
	require.Equal(t, "split", split.Stream("odd").Component)
	require.Equal(t, 1, split.Stream("odd").Index("why"))
	require.Equal(t, -1, split.Stream("odd").Index("word"))
	require.True(t, split.Stream("to").Direct)
	require.Nil(t, split.Stream("even"))
	require.Equal(t, topology.Retry{Attempts: 5}.WithDefaults(), *count.Retry)
	require.Equal(t, topology.DeadLetterFields, count.Stream(topology.DeadLetterStream).Fields)
	require.Nil(t, built.Component("nobody"))
}

func ids(components []*topology.Component) []string {
	var out []string
	for _, c := range components {
		out = append(out, c.ID)
	}
	return out
}

func TestEveryGroupingIsDeclared(t *testing.T) {
	b := topology.NewBuilder("groupings")
	b.Spout("s", source).Emits("a", "b").EmitsDirect("to", "a")
	chooser := func() topology.Chooser { return nil }
	bolts := map[string]func(b *topology.BoltDeclarer) *topology.BoltDeclarer{
		"s:default (shuffle)":          func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.Shuffle("s") },
		"s:default (fields)":           func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.Fields("s", "b", "a") },
		"s:default (partial-key)":      func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.PartialKey("s", "b") },
		"s:default (local-or-shuffle)": func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.LocalOrShuffle("s") },
		"s:default (all)":              func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.All("s") },
		"s:default (global)":           func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.Global("s") },
		"s:default (none)":             func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.None("s") },
		"s:default (custom)":           func(b *topology.BoltDeclarer) *topology.BoltDeclarer { return b.Custom("s", chooser) },
		"s:to (direct)": func(b *topology.BoltDeclarer) *topology.BoltDeclarer {
			return b.Direct(topology.From("s", "to"))
		},
	}
	want := map[string]string{}
	for text, subscribe := range bolts {
		id := text[len("s:default ("):]
		id = "bolt-" + id[:len(id)-1]
		want[id] = text
		subscribe(b.Bolt(id, sink))
	}
	built := build(t, b)
	for id, text := range want {
		require.Equal(t, text, built.Component(id).Inputs[0].String())
	}
	require.Equal(t, []int{1, 0}, built.Component("bolt-fields").Inputs[0].Keys)
	require.Equal(t, []int{1}, built.Component("bolt-partial-key").Inputs[0].Keys)
	require.NotNil(t, built.Component("bolt-custom").Inputs[0].Chooser)
}

func TestFactoriesMakeAnInstanceEach(t *testing.T) {
	b := topology.NewBuilder("instances")
	b.Spout("s", func() topology.Spout { return &countingSpout{} }).Emits("x")
	built := build(t, b)
	first, second := built.Component("s").NewSpout(), built.Component("s").NewSpout()
	require.NotSame(t, first, second)
}

type countingSpout struct{ n int }

func (s *countingSpout) Next(context.Context, *topology.SpoutCollector) error {
	s.n++
	return nil
}

// A builder may be changed and built again; what was built before stays as it was.
func TestBuiltTopologiesAreIndependentOfTheBuilder(t *testing.T) {
	pass := func(next topology.Handler) topology.Handler { return next }
	fields := []string{"line", "file"}
	b := topology.NewBuilder("first").MessageTimeout(time.Second)
	spout := b.Spout("lines", source).Emits(fields...)
	bolt := b.Bolt("sink", sink).Fields("lines", "file").Use(pass).Retry(topology.Retry{Attempts: 2})
	first := build(t, b)

	fields[0], fields[1] = "changed", "changed"
	b.MessageTimeout(time.Hour).MaxSpoutPending(5)
	spout.EmitsOn("late", "x").Parallelism(9).Settings("s").MaxPending(8)
	bolt.Shuffle(topology.From("lines", "late")).Emits("y").Tick(time.Hour).Use(pass, pass)
	b.Bolt("another", sink).Shuffle("sink")
	second := build(t, b)

	require.Equal(t, topology.Options{MessageTimeout: time.Second}, first.Options)
	require.Equal(t, []string{"lines", "sink"}, ids(first.Components))
	lines, end := first.Component("lines"), first.Component("sink")
	require.Equal(t, []string{"line", "file"}, lines.Stream("default").Fields)
	require.Nil(t, lines.Stream("late"))
	require.Equal(t, 1, lines.Parallelism)
	require.Nil(t, lines.Settings)
	require.Zero(t, lines.MaxPending)
	require.Len(t, end.Inputs, 1)
	require.Equal(t, []int{1}, end.Inputs[0].Keys)
	require.Nil(t, end.Stream("default"))
	require.Zero(t, end.Tick)
	require.Len(t, end.Middleware, 1)

	require.Equal(t, []string{"another", "lines", "sink"}, ids(second.Components))
	require.Len(t, second.Component("sink").Inputs, 2)
	require.Len(t, second.Component("sink").Middleware, 3)
}

func TestBuilderCanBeMended(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Bolt("sink", sink).Shuffle("lines")
	require.Len(t, problems(t, b), 2)
	withLines(b)
	require.Empty(t, problems(t, b))
}

func TestTasksAreNumberedInTheOrderOfIds(t *testing.T) {
	b := topology.NewBuilder("tasks")
	b.Spout("s", source).Emits("x").Parallelism(2)
	b.Bolt("b", sink).Shuffle("s").Parallelism(3)
	built := build(t, b)
	require.Equal(t, []topology.TaskID{1, 2, 3}, built.Tasks("b"))
	require.Equal(t, []topology.TaskID{4, 5}, built.Tasks("s"))
	require.Nil(t, built.Tasks("nobody"))
}

func TestUpstreamComesFirst(t *testing.T) {
	b := topology.NewBuilder("diamond")
	b.Bolt("a", sink).Shuffle("b").Shuffle("c")
	b.Bolt("b", sink).Shuffle("d").Emits("x")
	b.Bolt("c", sink).Shuffle("e").Emits("x")
	b.Bolt("d", sink).Shuffle("e").Emits("x")
	b.Spout("e", source).Emits("x")
	require.Equal(t, []string{"e", "d", "b", "c", "a"}, ids(build(t, b).Upstream()))
}

func TestMiddlewareWrapsFromTheOutside(t *testing.T) {
	var calls []string
	named := func(name string) topology.Middleware {
		return func(next topology.Handler) topology.Handler {
			return func(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
				calls = append(calls, name)
				return next(ctx, t, out)
			}
		}
	}
	b := topology.NewBuilder("test")
	withLines(b)
	b.Bolt("sink", sink).Shuffle("lines").Use(named("outer"), named("middle")).Use(named("inner"))
	c := build(t, b).Component("sink")

	h := topology.Handler(c.NewBolt().Execute)
	for i := len(c.Middleware) - 1; i >= 0; i-- {
		h = c.Middleware[i](h)
	}
	require.NoError(t, h(context.Background(), topology.NewTick(), nil))
	require.Equal(t, []string{"outer", "middle", "inner"}, calls)
}
