package chaos

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
)

// extras are what some tests add to the load.
type extras struct {
	Brake  string // while there is a file of this name, each square takes brakeTime
	Flood  string // beside the records, a spout and a bolt, whose tuples nobody acks; it emits while there is a file of this name
	Broken bool   // its workers end before they begin
	Sealed bool   // its workers begin, but beside the records there is a bolt that can't be opened

	MaxPending int // trees of each spout task; 0 is the default
	Prefetch   int // records that a spout task holds beside them; 0 is the default
}

// brakeTime is many times what a square takes, and so long that squares don't keep up with the feed.
const brakeTime = 20 * time.Millisecond

// execute is a bolt without state.
type execute = func(context.Context, *topology.Tuple, *topology.Collector) error

// braked returns the bolt, slowed down while the brake is on.
func (e extras) braked(f execute) execute {
	if e.Brake == "" {
		return f
	}
	return func(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
		if isThere(e.Brake) {
			time.Sleep(brakeTime) // the fault is one of time
		}
		return f(ctx, t, out)
	}
}

func isThere(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// maybeBreak ends a worker, but not who is asked what the topology is.
func (e extras) maybeBreak() {
	if e.Broken && os.Getenv(cluster.SpecVariable) != "" {
		fmt.Fprintln(os.Stderr, "this program is broken")
		os.Exit(3)
	}
}

// What the flood is: floodTuples of floodSize bytes each floodBeat, so that a second of it is more than a sender may grow.
const (
	floodBeat   = 2 * time.Millisecond
	floodTuples = 192
	floodSize   = 1 << 10
)

// extend adds what is beside the records.
func (e extras) extend(b *topology.Builder) {
	if e.MaxPending > 0 {
		b.MaxSpoutPending(e.MaxPending)
	}
	if e.Sealed {
		b.Bolt("sealed", func() topology.Bolt { return sealed{} }).Shuffle("numbers")
	}
	if e.Flood == "" {
		return
	}
	b.Spout("flood", func() topology.Spout { return &floodSpout{gate: e.Flood, text: strings.Repeat("x", floodSize)} }).Emits("text")
	b.Bolt("drain", topology.BoltFunc(drain)).Shuffle("flood").Parallelism(2)
}

func drain(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

// floodSpout emits in bursts tuples that may be lost, so that nothing but credits holds it back.
type floodSpout struct {
	gate string
	text string
	beat *time.Ticker
}

func (s *floodSpout) Open(context.Context, *topology.Context) error {
	s.beat = time.NewTicker(floodBeat)
	return nil
}

func (s *floodSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	select {
	case <-s.beat.C:
		s.burst(out)
	default:
	}
	return nil
}

func (s *floodSpout) burst(out *topology.SpoutCollector) {
	if !isThere(s.gate) {
		return
	}
	for range floodTuples {
		out.Emit(s.text)
	}
}

func (s *floodSpout) Close() error {
	s.beat.Stop()
	return nil
}
