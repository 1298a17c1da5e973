package main

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/galestream/gale/topology"
)

func wordcountCase() benchCase {
	return benchCase{
		name: "wordcount", unit: "words/s", metric: perSecond, bar: bar{value: 8e6},
		note:  "counted at the counters; a tree is a line",
		gale:  wordcountOnGale,
		limit: newWordLimit,
	}
}

// counters is how many tasks count, on the runtime and in the bare loop. Beside one spout and one
// splitter, two were the fastest on two cores.
const counters = 2

func wordcountOnGale(plan) (load, error) {
	lines, err := sourceLines()
	if err != nil {
		return nil, err
	}
	spout := &lineSpout{lines: lines}
	var words atomic.Int64
	b := topology.NewBuilder("wordcount")
	b.Spout("lines", func() topology.Spout { return spout }).Emits("line")
	b.Bolt("split", topology.BoltFunc(split)).Emits("word").Shuffle("lines")
	b.Bolt("count", func() topology.Bolt {
		return &wordCounter{counts: map[string]int64{}, words: &words}
	}).Parallelism(counters).Fields("split", "word")
	return newOnGale(b, "count", func() (int64, int64) { return words.Load(), spout.fails })
}

// lineSpout emits lines, over and over.
type lineSpout struct {
	lines []string
	next  int
	fails int64
}

func (s *lineSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	out.EmitID(s, s.lines[s.next])
	if s.next++; s.next == len(s.lines) {
		s.next = 0
	}
	return nil
}

func (s *lineSpout) Ack(any)         {}
func (s *lineSpout) Fail(any, error) { s.fails++ }

func split(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	for word := range strings.FieldsSeq(t.String("line")) {
		out.Emit(word)
	}
	return nil
}

// wordCounter counts how often each word came.
type wordCounter struct {
	counts map[string]int64
	words  *atomic.Int64 // where its total goes in the end
}

func (c *wordCounter) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	c.counts[t.String("word")]++
	return nil
}

// Cleanup adds up what it has counted.
func (c *wordCounter) Cleanup() error {
	for _, count := range c.counts {
		c.words.Add(count)
	}
	return nil
}
