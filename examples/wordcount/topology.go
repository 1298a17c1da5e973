package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/galestream/gale/source"
	"github.com/galestream/gale/topology"
)

// wordcount declares the topology: lines are split into words, each word is counted by the task
// that it belongs to, and one task brings the counts together at the end.
func wordcount(paths []string, top int, out io.Writer) *topology.Builder {
	b := topology.NewBuilder("wordcount")
	lines := source.LinesWith(source.LinesOptions{MaxLine: maxLine}, paths...)
	b.Spout("lines", lines).Emits(source.LineFields...)
	b.Bolt("split", topology.BoltFunc(split)).Emits("word").Shuffle("lines")
	b.Bolt("count", newCounter).Emits("word", "count").Parallelism(2).Fields("split", "word")
	b.Bolt("print", func() topology.Bolt { return &printer{out: out, top: top} }).Global("count")
	return b
}

// maxLine bounds what a line may take in memory; longer ones are skipped and reported. Generated
// sources have lines of more than the default, a MiB.
const maxLine = 16 << 20

// split emits the words of a line, anchored to it.
func split(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	line := t.String("line")
	for start, i := 0, 0; i <= len(line); i++ {
		if i < len(line) && !isSpace(line[i]) {
			continue
		}
		if i > start {
			out.Emit(line[start:i])
		}
		start = i + 1
	}
	return nil
}

// isSpace is isspace of the C locale, which wc and tr use there.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// counter counts the words of its key groups, and tells the counts when there are no more.
type counter struct{ counts map[string]*int64 }

func newCounter() topology.Bolt { return &counter{counts: map[string]*int64{}} }

// Execute counts one word. A pointer in the map makes that one look-up.
func (c *counter) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	word := t.String("word")
	n := c.counts[word]
	if n == nil {
		n = new(int64)
		c.counts[string([]byte(word))] = n // a copy: word is part of its line's memory
	}
	*n++
	return nil
}

// Finish emits the counts.
func (c *counter) Finish(_ context.Context, out *topology.Collector) error {
	for word, n := range c.counts {
		out.Emit(word, *n)
	}
	return nil
}

// printer prints the counts, the largest first.
type printer struct {
	out    io.Writer
	top    int
	counts []wordCount
}

type wordCount struct {
	word string
	n    int64
}

// Execute takes the count of one word.
func (p *printer) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	p.counts = append(p.counts, wordCount{t.String("word"), t.Int("count")})
	return nil
}

// Finish prints.
func (p *printer) Finish(context.Context, *topology.Collector) error {
	slices.SortFunc(p.counts, func(a, b wordCount) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.word, b.word))
	})
	w := bufio.NewWriter(p.out)
	for i, c := range p.counts {
		if p.top > 0 && i == p.top {
			break
		}
		fmt.Fprintf(w, "%7d %s\n", c.n, c.word)
	}
	return w.Flush()
}
