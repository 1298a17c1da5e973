package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
	"github.com/urfave/cli/v2"
)

const (
	topInterval  = time.Second     // workers report once in it
	lookInterval = 2 * time.Second // workers report at least once in it, whenever it begins
)

func topVerb() *verb {
	return &verb{
		name: "top", category: lookVerbs, usage: "shows figures as they change", args: "[NAME]", example: "gale top wordcount", run: runTop,
		about: "Shows the components of a topology, or all topologies: rates, latencies, queues. Ctrl-C ends it.\nWhere the output is no terminal, it writes lines.", complete: completeTopology,
		flags: []cli.Flag{&cli.BoolFlag{Name: "once", Usage: "show the rates of the last second, and end; so do -o json and -o yaml"}},
	}
}

// topResult is what top writes of a topology.
type topResult struct {
	Topology   string             `json:"topology"`
	State      string             `json:"state"`
	Uptime     time.Duration      `json:"uptime"` // nanoseconds; of the workers on average
	Components []componentFigures `json:"components"`
}

// topAllResult is what top writes of all topologies.
type topAllResult struct {
	Topologies []topResult `json:"topologies"`
}

func runTop(i *invocation) error {
	once := i.Bool("once") || i.format() != asTable
	err := i.withClient(func(c *client.Client) error {
		switch {
		case i.NArg() == 0:
			return i.topAll(c, once)
		case once:
			return i.topOnce(c)
		}
		return i.topLive(c)
	})
	if !once && errors.Is(err, context.Canceled) {
		return nil // which is how it ends
	}
	return err
}

func (i *invocation) topOnce(c *client.Client) error {
	name, err := i.topology()
	if err != nil {
		return err
	}
	s := newSampler(c)
	if _, err := s.look(i.ctx, name); err != nil {
		return err
	}
	if !pause(i.ctx, lookInterval) {
		return i.ctx.Err()
	}
	r, err := s.look(i.ctx, name)
	if err != nil {
		return err
	}
	return i.show(r, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "%s  %s  %s\n", r.Topology, r.State, age(r.Uptime)); err != nil {
			return err
		}
		return figuresTable(r.Components).write(w)
	})
}

// sampler looks at topologies again and again, and so knows rates.
type sampler struct {
	c      *client.Client
	before map[string]worker.Snapshot // by the topology's id, of the last look; bounded by the topologies that there were
}

func newSampler(c *client.Client) *sampler { return &sampler{c, map[string]worker.Snapshot{}} }

// look returns how a topology fares; the rates are those since the last look, of the first those since the start.
func (s *sampler) look(ctx context.Context, name string) (topResult, error) {
	d, err := s.c.Describe(ctx, name)
	if err != nil {
		return topResult{}, err
	}
	now := client.Merge(d.Reports)
	var past *worker.Snapshot
	if b, ok := s.before[d.ID]; ok {
		past = &b
	}
	s.before[d.ID] = now
	return topResult{Topology: d.Name, State: d.State, Uptime: now.Uptime, Components: figuresOf(&now, past)}, nil
}

// pause returns false when ctx is done before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// topAll shows all topologies.
func (i *invocation) topAll(c *client.Client, once bool) error {
	s := newSampler(c)
	for looks := 1; ; looks++ {
		r, err := s.lookAtAll(i.ctx)
		if err != nil {
			return err
		}
		if !once || looks == 2 {
			if err := i.showAll(r, once); err != nil || once {
				return err
			}
		}
		if !pause(i.ctx, lookInterval) {
			return i.ctx.Err()
		}
	}
}

func (s *sampler) lookAtAll(ctx context.Context) (topAllResult, error) {
	r := topAllResult{Topologies: []topResult{}}
	all, err := s.c.List(ctx)
	if err != nil {
		return r, err
	}
	for _, summary := range all {
		t, err := s.look(ctx, summary.Name)
		if err != nil && cluster.CodeOf(err) == cluster.NotFound {
			continue // it was killed since they were listed
		}
		if err != nil {
			return r, err
		}
		r.Topologies = append(r.Topologies, t)
	}
	return r, nil
}

const clearScreen = "\x1b[H\x1b[J"

func (i *invocation) showAll(r topAllResult, once bool) error {
	if !once && isTerminal(i.out) {
		if _, err := io.WriteString(i.out, clearScreen); err != nil {
			return err
		}
	}
	return i.show(r, func(w io.Writer) error { return topTable(r.Topologies).write(w) })
}

func topTable(all []topResult) *table {
	t := newTable("TOPOLOGY", "STATE", "UPTIME", "EMITTED", "EXECUTED", "FAILED", "WAITING", "SLOWEST P99")
	for _, r := range all {
		var emitted, executed float64
		var failed, waiting, p99 int64
		for _, c := range r.Components {
			if c.Spout {
				emitted += c.Rate
				failed += c.Failed + c.TimedOut // trees; a tuple that fails at a bolt fails one of these
				p99 = max(p99, c.P99)
			} else {
				executed += c.Rate
			}
			waiting += c.Waiting
		}
		t.row(r.Topology, r.State, age(r.Uptime), rate(emitted), rate(executed), failed, waiting, latency(p99))
	}
	return t
}
