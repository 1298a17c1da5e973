package topology

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Context tells a component where it runs, and gives it what it may use there. It is
// valid from Open or Prepare to Close or Cleanup. Its methods may be called from any
// goroutine.
type Context struct {
	Topology    string      // the topology's name
	Component   string      // the component's id
	Task        TaskID      // the task
	Index       int         // the task's position among the component's tasks, from 0
	Parallelism int         // how many tasks the component has, as configured; at least 1
	Worker      string      // the worker the task runs in; "local" in a local run
	Log         *zap.Logger // labelled with topology, component and task; never nil
	settings    any
	services    Services
}

// Services is the runtime's side of a Context, whose methods of the same names say what these do. They
// are called from any goroutine.
type Services interface {
	Now() time.Time
	Wake()
	Report(err error)
	Tasks(component string) []TaskID
	Counter(name string) *Counter
	Gauge(name string) *Gauge
	Histogram(name string) Histogram
	Shared(name string, open func() (any, error)) (any, error)
	Tell(to TaskID, mail []byte) bool
	Serve(endpoint string, f Answer) error
}

// NewContext completes c, of which the caller has filled the exported fields, with the
// component's settings and the services of the runtime. It is for runtimes.
func NewContext(c Context, settings any, services Services) *Context {
	c.settings, c.services = settings, services
	return &c
}

// Now returns the time as the runtime has it: the time of day, or in a test with
// simulated time that.
func (c *Context) Now() time.Time { return c.services.Now() }

// Wake has the runtime call Next of an idle spout at once. It never blocks.
func (c *Context) Wake() { c.services.Wake() }

// Report shows an error to those who run the topology; nothing fails by it.
func (c *Context) Report(err error) { c.services.Report(err) }

// Tasks returns the tasks of a component in ascending order, for direct emits. It is
// empty when there is no such component.
func (c *Context) Tasks(component string) []TaskID { return c.services.Tasks(component) }

// Counter returns the task's counter of the name, which begins at 0. A task may have 256
// metrics of each kind; for a further name the returned one is not shown, which is reported.
func (c *Context) Counter(name string) *Counter { return c.services.Counter(name) }

// Gauge returns the task's gauge of the name. See Counter for how many there may be.
func (c *Context) Gauge(name string) *Gauge { return c.services.Gauge(name) }

// Histogram returns the task's histogram of the name, for values from 1 to 3.6e12 (an
// hour in nanoseconds) with 2 significant digits; others are taken as the nearest of
// those. See Counter for how many there may be.
func (c *Context) Histogram(name string) Histogram { return c.services.Histogram(name) }

// Settings returns the settings that the component was declared with
// ([BoltDeclarer.Settings]), overlaid by those of the configuration file. It panics
// when they are of another type than T, which is a mistake in the program.
func Settings[T any](c *Context) T {
	s, ok := c.settings.(T)
	if !ok {
		panic(fmt.Sprintf("topology: component %q was declared with settings of type %T, not %T", c.Component, c.settings, *new(T)))
	}
	return s
}

// Shared returns what the tasks of this worker share by the name, such as a
// connection pool: the first caller opens it, the others wait and get the same. When
// it has a Close() error it is closed after the last task has ended. An
// error of open is returned to all callers, and the next one tries again.
func Shared[T any](c *Context, name string, open func() (T, error)) (T, error) {
	x, err := c.services.Shared(name, func() (any, error) { return open() })
	if err != nil {
		return *new(T), fmt.Errorf("shared resource %q: %w", name, err)
	}
	t, ok := x.(T)
	if !ok {
		return t, fmt.Errorf("shared resource %q is a %T, not a %T", name, x, t)
	}
	return t, nil
}

// Counter counts up. Its zero value is ready; it may be used from any goroutine.
type Counter struct{ n atomic.Int64 }

// Add adds n, which should not be negative.
func (c *Counter) Add(n int64) { c.n.Add(n) }

// Value returns the sum.
func (c *Counter) Value() int64 { return c.n.Load() }

// Gauge is a number that goes up and down. Its zero value is ready, at 0; it may be
// used from any goroutine.
type Gauge struct{ bits atomic.Uint64 }

// Set sets the number.
func (g *Gauge) Set(x float64) { g.bits.Store(math.Float64bits(x)) }

// Value returns the number that was set last.
func (g *Gauge) Value() float64 { return math.Float64frombits(g.bits.Load()) }

// Histogram counts values by size. It may be used from any goroutine.
type Histogram interface{ Record(value int64) }
