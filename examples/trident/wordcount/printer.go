package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/galestream/gale/trident"
)

// printer is a sink that prints the last ranking that was committed, when the topology ends. It remembers nothing itself, and is
// given the last one again after a crash, which does no harm.
type printer struct {
	out  io.Writer
	top  int
	last []count
}

func newPrinter(out io.Writer, top int) *printer { return &printer{out: out, top: top} }

// Kind implements [trident.Sink].
func (p *printer) Kind() trident.Kind { return trident.Opaque }

// Open implements [trident.Sink].
func (p *printer) Open(context.Context, trident.SinkID) (trident.Writer[[]count], error) {
	return p, nil
}

// Applied implements [trident.Writer].
func (p *printer) Applied(context.Context) (uint64, error) { return 0, nil }

// Apply implements [trident.Writer].
func (p *printer) Apply(_ context.Context, _ uint64, rankings [][]count) error {
	if len(rankings) > 0 {
		p.last = rankings[len(rankings)-1]
	}
	return nil
}

// Close implements [trident.Writer].
func (p *printer) Close() error {
	w := bufio.NewWriter(p.out)
	for _, c := range p.last[:min(p.top, len(p.last))] {
		fmt.Fprintf(w, "%7d %s\n", c.Count, c.Word)
	}
	return w.Flush()
}
