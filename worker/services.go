package worker

import (
	"fmt"
	"sync"
	"time"

	"github.com/galestream/gale/topology"
)

// services is the runtime's side of a component's context.
type services struct{ t *task }

func (s services) Now() time.Time                           { return s.t.w.driver.wall() }
func (s services) Report(err error)                         { s.t.report(err) }
func (s services) Tasks(component string) []topology.TaskID { return s.t.w.topology.Tasks(component) }
func (s services) Counter(name string) *topology.Counter    { return s.t.figures.own.counter(s.t, name) }
func (s services) Gauge(name string) *topology.Gauge        { return s.t.figures.own.gauge(s.t, name) }
func (s services) Histogram(name string) topology.Histogram {
	return s.t.figures.own.histogram(s.t, name)
}
func (s services) Shared(name string, open func() (any, error)) (any, error) {
	return s.t.w.shared.get(s.t.w.hard, name, open)
}

func (s services) Serve(endpoint string, f topology.Answer) error {
	return s.t.questions.serve(endpoint, f)
}

func (s services) Tell(to topology.TaskID, mail []byte) bool { return s.t.mailTo(to, mail) }

// Wake wakes the task if it is a spout's.
func (s services) Wake() {
	if i := s.t.w.ledgerOf[s.t.id]; i >= 0 {
		l := s.t.w.spouts[i].lane
		l.called.Store(true)
		l.ring()
	}
}

// ownMetrics are what a component's code counts by itself.
type ownMetrics struct {
	mu struct {
		sync.Mutex
		counters   map[string]*topology.Counter
		gauges     map[string]*topology.Gauge
		histograms map[string]*Histogram
	}
}

// maxOwn bounds the metrics of each kind that a task may have.
const maxOwn = 256

func (o *ownMetrics) counter(t *task, name string) *topology.Counter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return named(t, &o.mu.counters, name, func() *topology.Counter { return new(topology.Counter) })
}

func (o *ownMetrics) gauge(t *task, name string) *topology.Gauge {
	o.mu.Lock()
	defer o.mu.Unlock()
	return named(t, &o.mu.gauges, name, func() *topology.Gauge { return new(topology.Gauge) })
}

func (o *ownMetrics) histogram(t *task, name string) *Histogram {
	o.mu.Lock()
	defer o.mu.Unlock()
	return named(t, &o.mu.histograms, name, NewHistogram)
}

func named[T any](t *task, in *map[string]*T, name string, make func() *T) *T {
	if *in == nil {
		*in = map[string]*T{}
	}
	if x := (*in)[name]; x != nil {
		return x
	}
	x := make()
	if len(*in) >= maxOwn {
		t.report(fmt.Errorf("%s has %d metrics of a kind already: %q is not shown", t.name(), maxOwn, name))
		return x
	}
	(*in)[name] = x
	return x
}
