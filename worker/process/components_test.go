package process

import (
	"context"
	"sync"

	"github.com/galestream/gale/topology"
)

// feed is a spout that emits what the test gives it, until it is acked. It is one for all lives of a worker.
type feed struct {
	in chan int // what to emit
	mu struct {
		sync.Mutex
		again []int
		acks  map[int]int
		fails int
	}
}

func newFeed() *feed {
	f := &feed{in: make(chan int, 10_000)}
	f.mu.acks = map[int]int{}
	return f
}

// give has the numbers from one to before another emitted.
func (f *feed) give(from, to int) {
	for i := from; i < to; i++ {
		f.in <- i
	}
}

func (f *feed) Next(_ context.Context, out *topology.SpoutCollector) error {
	f.mu.Lock()
	again := f.mu.again
	f.mu.again = nil
	f.mu.Unlock()
	for _, i := range again {
		out.EmitID(i, i)
	}
	select {
	case i := <-f.in:
		out.EmitID(i, i)
	default:
	}
	return nil
}

func (f *feed) Ack(id any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.acks[id.(int)]++
}

func (f *feed) Fail(id any, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.fails++
	f.mu.again = append(f.mu.again, id.(int))
}

// counts returns how many numbers were acked, and how often any has failed.
func (f *feed) counts() (acked, fails int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.mu.acks), f.mu.fails
}

func (f *feed) acked() int { n, _ := f.counts(); return n }

// sink is a bolt that counts what it is given. A gate that is not nil holds it up, until something comes or the process ends.
type sink struct {
	gate chan struct{}
	mu   struct {
		sync.Mutex
		seen     map[int64]int
		waiting  int
		finished int
	}
}

func newSink(gate chan struct{}) *sink {
	s := &sink{gate: gate}
	s.mu.seen = map[int64]int{}
	return s
}

func (s *sink) Execute(ctx context.Context, t *topology.Tuple, _ *topology.Collector) error {
	if s.gate != nil {
		s.count(func() { s.mu.waiting++ })
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.count(func() { s.mu.seen[t.Int("n")]++ })
	return nil
}

func (s *sink) Finish(context.Context, *topology.Collector) error {
	s.count(func() { s.mu.finished++ })
	return nil
}

func (s *sink) count(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// waiting returns how many tuples have been held up.
func (s *sink) waiting() (n int) {
	s.count(func() { n = s.mu.waiting })
	return n
}

// seen returns how many numbers have come, and how often the most frequent one has.
func (s *sink) seen() (numbers, most int) {
	s.count(func() {
		numbers = len(s.mu.seen)
		for _, n := range s.mu.seen {
			most = max(most, n)
		}
	})
	return numbers, most
}

// The tasks of the topology that most tests run.
const (
	sinkTask topology.TaskID = 1
	feedTask topology.TaskID = 2
)

// flow is that topology.
func flow(f *feed, s *sink) func(*topology.Builder) {
	return func(b *topology.Builder) {
		b.Spout("feed", func() topology.Spout { return f }).Emits("n")
		b.Bolt("asink", func() topology.Bolt { return s }).Shuffle("feed")
	}
}
