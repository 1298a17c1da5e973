package topologytest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/stretchr/testify/require"
)

func split(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	for _, w := range strings.Fields(t.String("line")) {
		out.Emit(w)
	}
	return nil
}

type counter struct{ n map[string]int }

func newCounter() topology.Bolt { return &counter{map[string]int{}} }

func (c *counter) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	w := t.String("word")
	c.n[w]++
	out.Emit(w, c.n[w])
	return nil
}

func wordcount() *topology.Builder {
	b := topology.NewBuilder("wordcount")
	b.Spout("lines", topology.SpoutFunc(func(context.Context, *topology.SpoutCollector) error { return topology.ErrEnd })).Emits("line")
	b.Bolt("split", topology.BoltFunc(split)).Emits("word").Parallelism(2).Shuffle("lines")
	b.Bolt("count", newCounter).Emits("word", "count").Parallelism(4).Fields("split", "word")
	return b
}

func TestWordCount(t *testing.T) {
	h := topologytest.New(t, wordcount(), topologytest.Fed("lines"), topologytest.Serialize())
	h.Feed("lines", "a b a")
	h.Feed("lines", "b a")
	h.Run()
	require.ElementsMatch(t, [][]any{{"a", int64(1)}, {"a", int64(2)}, {"a", int64(3)}, {"b", int64(1)}, {"b", int64(2)}}, h.Values("count", ""))
	require.Len(t, h.Trees("lines"), 2)
	require.Len(t, h.Acked("count"), 5)
	require.Empty(t, h.Errors())
}

func TestFaults(t *testing.T) {
	for seed := uint64(1); seed <= 50; seed++ {
		h := topologytest.New(t, wordcount(), topologytest.Fed("lines"), topologytest.Seed(seed),
			topologytest.WithFaults(topologytest.Faults{Drop: 0.05, Delay: 0.2, Duplicate: 0.05, Panic: 0.05}))
		for i := range 100 {
			h.Feed("lines", fmt.Sprintf("w%d x y", i))
		}
		h.Run()
		done := map[any]int{}
		for _, tree := range h.Trees("lines") {
			if tree.Cause == nil {
				done[tree.ID]++
			}
		}
		require.Len(t, done, 100, "seed %d", seed)
		for id, n := range done {
			require.Equal(t, 1, n, "tree %v", id)
		}
	}
}

func TestSeedDecides(t *testing.T) {
	run := func() [][]any {
		h := topologytest.New(t, wordcount(), topologytest.Fed("lines"), topologytest.Seed(7), topologytest.WithFaults(topologytest.Faults{Drop: 0.1, Delay: 0.5, Panic: 0.1}))
		for i := range 50 {
			h.Feed("lines", fmt.Sprintf("a b c%d", i))
		}
		return h.Run().Values("count", "")
	}
	require.Equal(t, run(), run())
}

func TestAdvanceHours(t *testing.T) {
	ticks := 0
	b := topology.NewBuilder("ticking")
	b.Spout("idle", topology.SpoutFunc(func(context.Context, *topology.SpoutCollector) error { return nil })).Emits("v")
	b.Bolt("tick", topology.BoltFunc(func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
		if t.IsTick() {
			ticks++
		}
		return nil
	})).Tick(100 * time.Millisecond).Shuffle("idle")
	h := topologytest.New(t, b)
	began := time.Now()
	h.Advance(24 * time.Hour)
	t.Logf("24 hours took %v", time.Since(began))
	require.Equal(t, 24*3600*10, ticks)
}

// poisoned replays what fails at once, as a first spout of one's own does.
type poisoned struct{ again bool }

func (p *poisoned) Next(_ context.Context, out *topology.SpoutCollector) error {
	if p.again {
		p.again = false
		out.EmitID(1, "x")
	}
	return topology.ErrEnd
}

func (p *poisoned) Ack(any)         {}
func (p *poisoned) Fail(any, error) { p.again = true }

// recorder is a testing.TB that takes a fatal failure.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Helper()        {}
func (r *recorder) Cleanup(func()) {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	panic(r)
}

func failing(t *testing.T, f func(t testing.TB)) (message string) {
	r := &recorder{TB: t}
	defer func() { _, _ = recover(), message }()
	defer func() { message = r.fatal }()
	f(r)
	return ""
}

func TestEndlessReplayEnds(t *testing.T) {
	b := topology.NewBuilder("poison")
	b.Spout("src", func() topology.Spout { return &poisoned{again: true} }).Emits("v")
	b.Bolt("bad", topology.BoltFunc(func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
		t.String("nope")
		return nil
	})).Shuffle("src")
	message := failing(t, func(t testing.TB) { topologytest.New(t, b).Run() })
	require.Contains(t, message, "have failed without any time passing")
	require.Contains(t, message, `there is no field "nope"`)
}

func TestUnknownNamesFail(t *testing.T) {
	for name, use := range map[string]func(h *topologytest.Harness){
		`there is no component "cuont", did you mean "count"?`: func(h *topologytest.Harness) { h.Values("cuont", "") },
		`component "count" declares no stream "late"`:          func(h *topologytest.Harness) { h.Emitted("count", "late") },
		`there is no component "x"`:                            func(h *topologytest.Harness) { h.Acked("x") },
		`of 2 values: stream "default"`:                        func(h *topologytest.Harness) { h.Feed("lines", "a", 1) },
	} {
		message := failing(t, func(t testing.TB) { use(topologytest.New(t, wordcount(), topologytest.Fed("lines"))) })
		require.Contains(t, message, name)
	}
}
