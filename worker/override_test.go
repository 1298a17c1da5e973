package worker_test

import (
	"context"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

type greeting struct{ Word string }

// greeter is a bolt that notes its settings.
type greeter struct{ words chan<- string }

func (g *greeter) Prepare(_ context.Context, tc *topology.Context) error {
	g.words <- topology.Settings[greeting](tc).Word
	return nil
}

func (g *greeter) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

func greeterTopology(f *flood, words chan<- string) declare {
	return func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout { return f }).Emits("n").MaxPending(100)
		b.Bolt("greeter", func() topology.Bolt { return &greeter{words} }).Settings(greeting{"hello"}).Parallelism(2).Shuffle("src")
	}
}

// TestOverrides changes what the topology declares.
func TestOverrides(t *testing.T) {
	f, words := &flood{n: 1000}, make(chan string, 10)
	w := runToEnd(t, worker.Options{Overrides: map[string]worker.Override{
		"src":     {MaxPending: 3},
		"greeter": {Parallelism: 5, Settings: greeting{"good bye"}},
	}}, greeterTopology(f, words))
	require.LessOrEqual(t, f.most, 3)
	require.Equal(t, 5, of(t, w, "greeter").Tasks)
	require.Len(t, words, 5)
	for range 5 {
		require.Equal(t, "good bye", <-words)
	}
}

// TestNoOverrides leaves the declaration as it is.
func TestNoOverrides(t *testing.T) {
	f, words := &flood{n: 1000}, make(chan string, 10)
	w := runToEnd(t, worker.Options{MaxSpoutPending: 7, Overrides: map[string]worker.Override{"greeter": {}}}, greeterTopology(f, words))
	require.LessOrEqual(t, f.most, 100)
	require.Greater(t, f.most, 7)
	require.Equal(t, 2, of(t, w, "greeter").Tasks)
	require.Equal(t, "hello", <-words)
}

// TestWrongOptions are errors of New that name what is wrong.
func TestWrongOptions(t *testing.T) {
	for name, c := range map[string]struct {
		opt  worker.Options
		text string
	}{
		"unknown component": {worker.Options{Overrides: map[string]worker.Override{"greter": {Parallelism: 1}}},
			`the configuration names a component "greter", which topology "test" doesn't have, did you mean "greeter"?`},
		"too many trees of a component": {worker.Options{Overrides: map[string]worker.Override{"src": {MaxPending: 1<<20 + 1}}},
			`component "src" is to have 1048577 trees pending for each task; it can have 1048576`},
		"too many tasks": {worker.Options{Overrides: map[string]worker.Override{"greeter": {Parallelism: 70_000}}},
			"the topology has 70001 tasks; a worker can run 65535"},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder("test")
			greeterTopology(&flood{}, nil)(b)
			topo, err := b.Build()
			require.NoError(t, err)
			_, err = worker.New(topo, c.opt)
			require.EqualError(t, err, c.text)
		})
	}
}

// TestTooManyTrees is an error also where the bound is that of all spouts.
func TestTooManyTrees(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Spout("src", newSource(1).factory).Emits("n")
	b.Bolt("sink", ignore).Shuffle("src")
	topo, err := b.Build()
	require.NoError(t, err)
	_, err = worker.New(topo, worker.Options{MaxSpoutPending: 1<<20 + 1})
	require.EqualError(t, err, `component "src" is to have 1048577 trees pending for each task; it can have 1048576`)
}
