package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/galestream/gale/topology"
)

// page is what the bolts that print share: whole lines, one at a time.
type page struct {
	mu  sync.Mutex
	out io.Writer
}

// print writes a line. Where none can be written an alert would go unseen, so that ends
// the topology.
func (p *page) print(line string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintln(p.out, line); err != nil {
		return topology.Fatal(fmt.Errorf("writing an alert: %w", err))
	}
	return nil
}

// printer prints alerts.
type printer struct {
	page *page
	tc   *topology.Context
}

// Prepare implements topology.Preparer.
func (p *printer) Prepare(_ context.Context, tc *topology.Context) error {
	p.tc = tc
	return nil
}

// Execute implements topology.Bolt.
func (p *printer) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	return p.page.print(topology.As[Alert](t).line(p.tc.Now()))
}
