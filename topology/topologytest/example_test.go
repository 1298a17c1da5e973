package topologytest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
)

// t stands for the *testing.T that a test has, as an example has none.
var t = &exampleT{}

// exampleT panics where a test would fail.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (*exampleT) Helper() {}

func (*exampleT) Failed() bool { return false }

func (*exampleT) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (*exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *exampleT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range t.cleanups {
		f()
	}
	os.Exit(code)
}

// One bolt alone: what it emits, acks and fails.
func ExampleRunBolt() {
	split := func(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
		words := strings.Fields(t.String("line"))
		for _, w := range words {
			out.Emit(w)
		}
		if len(words) == 0 {
			return errors.New("an empty line")
		}
		return nil
	}
	r := topologytest.RunBolt(t, topology.BoltFunc(split),
		func(d *topology.BoltDeclarer) { d.Emits("word") },
		[]string{"line"}, [][]any{{"to be"}, {""}, {"or not"}})
	fmt.Println(r.On(""))
	fmt.Println(len(r.Acked), "acked")
	fmt.Println(len(r.Failed), "failed:", r.Failed[0].Cause)
	// Output:
	// [[to] [be] [or] [not]]
	// 2 acked
	// 1 failed: an empty line
}

// A whole topology: wordcount is the function by which the program declares it, too. The test puts its
// own lines in the place of the spout.
func ExampleHarness() {
	h := topologytest.New(t, wordcount(), topologytest.Fed("lines"))
	h.Feed("lines", "to be or")
	h.Feed("lines", "not to be")
	h.Run()
	for _, v := range h.Values("count", "") {
		fmt.Println(v...)
	}
	for _, tree := range h.Trees("lines") {
		fmt.Println("line", tree.ID, tree.Cause)
	}
	// Unordered output:
	// to 1
	// be 1
	// or 1
	// not 1
	// to 2
	// be 2
	// line 0 <nil>
	// line 1 <nil>
}

// Ticks, timeouts and retries happen in simulated time, which passes at once.
func ExampleHarness_Advance() {
	seen := 0
	rate := func(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
		if !t.IsTick() {
			seen++
			return nil
		}
		out.Emit(seen)
		seen = 0
		return nil
	}
	b := topology.NewBuilder("rate")
	b.Spout("requests", topology.SpoutFunc(func(context.Context, *topology.SpoutCollector) error { return nil })).Emits("path")
	b.Bolt("rate", topology.BoltFunc(rate)).Shuffle("requests").Tick(time.Minute).Emits("per-minute")

	h := topologytest.New(t, b, topologytest.Fed("requests"))
	h.Feed("requests", "/")
	h.Feed("requests", "/login")
	h.Settle()
	fmt.Println(h.Now().Format(time.TimeOnly), h.Values("rate", ""))
	h.Advance(time.Minute)
	fmt.Println(h.Now().Format(time.TimeOnly), h.Values("rate", ""))
	h.Feed("requests", "/logout")
	h.Advance(2 * time.Minute)
	fmt.Println(h.Now().Format(time.TimeOnly), h.Values("rate", ""))
	// Output:
	// 00:00:00 []
	// 00:01:00 [[2]]
	// 00:03:00 [[2] [1] [0]]
}

// Tuples are lost and delayed, and bolts panic, in the same way in each run of the same seed. Every line is
// complete in the end, since what fails is emitted again; so words may be counted more than once.
func ExampleWithFaults() {
	h := topologytest.New(t, wordcount(), topologytest.Fed("lines"), topologytest.Seed(42),
		topologytest.WithFaults(topologytest.Faults{Drop: 0.05, Delay: 0.2, Panic: 0.05}))
	for range 100 {
		h.Feed("lines", "to be")
	}
	h.Run()
	complete, failed := 0, 0
	for _, tree := range h.Trees("lines") {
		if tree.Cause == nil {
			complete++
		} else {
			failed++
		}
	}
	fmt.Println("complete:", complete)
	fmt.Println("some failed before:", failed > 0)
	fmt.Println("at least once:", len(h.Acked("count")) >= 200)
	// Output:
	// complete: 100
	// some failed before: true
	// at least once: true
}
