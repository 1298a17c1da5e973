package trident

import (
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
)

// options are those of a topology's batches.
type options struct {
	batchRecords int
	depth        int
	interval     time.Duration
	open         func(topologyName string) (changelog.Log, error)
}

// Option changes how the batches of a topology are made; see [Configure].
type Option func(*options)

// Configure sets options of a topology's batches. What isn't set has a default that adapts to the load.
func Configure(b *topology.Builder, opts ...Option) {
	g := graphOf(b)
	for _, o := range opts {
		o(&g.options)
	}
}

// BatchRecords bounds how many records each source task reads for a batch; 65536 unless it is said. At least 1.
func BatchRecords(n int) Option { return func(o *options) { o.batchRecords = n } }

// Depth is how many batches may be under way at once, from 1 to 1024; 4 unless it is said.
func Depth(n int) Option { return func(o *options) { o.depth = n } }

// Interval is how soon after a batch that took all there was the next may begin; a millisecond unless it is said.
func Interval(d time.Duration) Option { return func(o *options) { o.interval = d } }

// InLog keeps the topology's state in the log that open opens, instead of where GALE_STATE says (see [changelog.Environment]). Each worker
// opens it once.
func InLog(open func(topologyName string) (changelog.Log, error)) Option {
	return func(o *options) { o.open = open }
}

const defaultBatchRecords = 65536

func (g *graph) ensureOptions() {
	if g.options.batchRecords == 0 {
		g.options.batchRecords = defaultBatchRecords
	}
	if g.options.open == nil {
		g.options.open = changelog.Environment
	}
	if g.options.batchRecords < 0 {
		g.problem("", "BatchRecords is %d, must be at least 1", g.options.batchRecords)
	}
	if d := g.options.depth; d < 0 || d > 1024 {
		g.problem("", "Depth is %d, must be in 1..1024", d)
	}
	if g.options.interval < 0 {
		g.problem("", "Interval is %v, must not be negative", g.options.interval)
	}
}

// openLog returns the topology's log, which the tasks of a worker share. It is closed after the last of them.
func (g *graph) openLog(tc *topology.Context) (changelog.Log, error) {
	log, err := topology.Shared(tc, "trident.log", func() (changelog.Log, error) { return g.options.open(tc.Topology) })
	if err != nil {
		return nil, fmt.Errorf("the place of the topology's state: %w", err)
	}
	return log, nil
}

// isInstant reports whether the log's calls never block, so that nothing is gained by asking it beside the task.
func isInstant(log changelog.Log) bool {
	_, instant := log.(interface{ Instant() })
	return instant
}
