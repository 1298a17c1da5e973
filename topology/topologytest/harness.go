package topologytest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
)

// Option changes how a harness runs its topology.
type Option func(*options)

type options struct {
	worker worker.Options
	faults Faults
	fed    []string
	start  time.Time
}

// Seed decides the run. Without it the seed is taken from GALE_TEST_SEED, or else random.
func Seed(n uint64) Option { return func(o *options) { o.worker.Seed = n } }

// Serialize sends every tuple through the encoding that is used between workers, so that a
// value that cannot travel is found.
func Serialize() Option { return func(o *options) { o.worker.SerializeEveryHop = true } }

// Start sets the simulated time of day at which the run begins; without it that is
// 2026-01-01 00:00:00 UTC.
func Start(at time.Time) Option { return func(o *options) { o.start = at } }

// Fed replaces the spouts of the given ids by ones that emit what the test feeds them.
// See [Harness.Feed].
func Fed(spouts ...string) Option {
	return func(o *options) { o.fed = append(o.fed, spouts...) }
}

// MessageTimeout sets how long a tree may take before it fails.
func MessageTimeout(d time.Duration) Option {
	return func(o *options) { o.worker.MessageTimeout = d }
}

// WithFaults has tuples dropped, delayed and doubled, and bolts panic.
func WithFaults(f Faults) Option { return func(o *options) { o.faults = f } }

// Faults are what happens to tuples on their way, as shares of all in [0, 1]. The zero Faults
// is none.
type Faults struct {
	Drop      float64       // lost: their trees time out
	Duplicate float64       // delivered twice, as if the spout had replayed them
	Delay     float64       // delivered late
	MaxDelay  time.Duration // how late at most; 0 means a second
	Panic     float64       // the bolt panics instead of executing them
}

// Harness runs one topology. It is not safe for concurrent use.
type Harness struct {
	t        testing.TB
	topology *topology.Topology
	stepper  *worker.Stepper
	record   *record
	feeds    map[string]*feed
	seed     uint64
}

// New builds the topology and starts it. It fails the test when that can't be done. The
// components are closed when the test ends.
func New(t testing.TB, b *topology.Builder, opts ...Option) *Harness {
	t.Helper()
	topo, err := b.Build()
	if err != nil {
		t.Fatalf("topologytest: %v", err)
	}
	o := options{start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, opt := range opts {
		opt(&o)
	}
	o.worker.Seed = seedOf(t, o.worker.Seed)
	h := &Harness{t: t, topology: topo, feeds: map[string]*feed{}, seed: o.worker.Seed}
	h.replace(topo, o)
	h.record = newRecord(topo)
	o.worker.Observer = h.record
	h.stepper, err = worker.NewStepper(topo, o.worker, o.start, worker.Faults{Drop: o.faults.Drop, Duplicate: o.faults.Duplicate, Delay: o.faults.Delay, MaxDelay: o.faults.MaxDelay})
	if err == nil {
		err = h.stepper.Start()
	}
	if err != nil {
		t.Fatalf("topologytest: %v", err)
	}
	t.Cleanup(h.close)
	return h
}

func seedOf(t testing.TB, seed uint64) uint64 {
	t.Helper()
	if seed != 0 {
		return seed
	}
	text := os.Getenv("GALE_TEST_SEED")
	if text == "" {
		return rand.Uint64() | 1
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil || seed == 0 {
		t.Fatalf("topologytest: GALE_TEST_SEED=%q is not a number above 0", text)
	}
	return seed
}

func (h *Harness) close() {
	if h.t.Failed() {
		h.t.Logf("topologytest: to run it again in the same way: GALE_TEST_SEED=%d", h.seed)
		for _, e := range h.Errors() {
			h.t.Logf("topologytest: reported by %s", e)
		}
	}
	if err := h.stepper.Stop(); err != nil {
		h.t.Errorf("topologytest: close: %v", err)
	}
}

// replace puts feeds in the place of spouts, and the fault of panics into bolts.
func (h *Harness) replace(topo *topology.Topology, o options) {
	h.t.Helper()
	for _, id := range o.fed {
		c := topo.Component(id)
		if c == nil || !c.IsSpout() {
			h.t.Fatalf("topologytest: Fed(%q): there is no such spout%s", id, topo.Nearest(id))
		}
		f := &feed{}
		h.feeds[id] = f
		c.NewSpout, c.Parallelism = f.spout, 1
	}
	if o.faults.Panic == 0 {
		return
	}
	random := rand.New(rand.NewPCG(h.seed, 1))
	for _, c := range topo.Components {
		c.Middleware = append(c.Middleware, panics(random, o.faults.Panic))
	}
}

func panics(random *rand.Rand, share float64) topology.Middleware {
	return func(next topology.Handler) topology.Handler {
		return func(ctx ctx, t *topology.Tuple, out *topology.Collector) error {
			if random.Float64() < share {
				panic("topologytest: injected panic")
			}
			return next(ctx, t, out)
		}
	}
}

// Run runs the topology until its sources have ended and every tree is complete, and has the bolts
// finish. Feeds end with what they were fed. Simulated time passes as far as needed, at most a
// day. It fails the test when the topology does not end or a component ends it with an error.
func (h *Harness) Run() *Harness {
	h.t.Helper()
	for _, f := range h.feeds {
		f.ended = true
	}
	h.check(h.stepper.Complete(24 * time.Hour))
	return h
}

// Settle runs the topology until nothing more happens unless time passes.
func (h *Harness) Settle() *Harness {
	h.t.Helper()
	h.check(h.stepper.Settle())
	return h
}

// Advance lets simulated time pass, with the ticks, timeouts and retries that fall in it.
func (h *Harness) Advance(by time.Duration) *Harness {
	h.t.Helper()
	h.check(h.stepper.Advance(by))
	return h
}

func (h *Harness) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("topologytest: %v", err)
	}
}

// Now returns the simulated time.
func (h *Harness) Now() time.Time { return h.stepper.Now() }

// Snapshot returns the runtime's figures.
func (h *Harness) Snapshot() worker.Snapshot { return h.stepper.Snapshot() }

// Errors returns the texts of the last ten errors that each component reported.
func (h *Harness) Errors() (texts []string) {
	for _, e := range h.stepper.Snapshot().Errors {
		texts = append(texts, fmt.Sprintf("%s: %s", e.Component, e.Text))
	}
	return texts
}
