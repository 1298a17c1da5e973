package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// Worker runs the tasks of one topology, once.
type Worker struct {
	topology *topology.Topology
	opt      Options
	driver   driver
	settings map[string]any // by component, overridden

	bolts       []*boltTask
	spouts      []*spoutTask
	ledgerOf    []int                 // by task: the position of its spout task, or -1 where there is none here
	ledgers     []*acker.Ledger       // by that position; apart from the tasks, whose memory changes all the time
	componentOf []*topology.Component // by task, also of those in other workers

	owner   []int         // by task: its slot; nil where there is one worker only
	slots   []*slot       // the workers of the topology; that of this one is not used
	boltOf  []*boltTask   // by task: those here
	boltsOf [][]*boltTask // by component: those here

	slabs        *slabs
	shared       shared
	errors       errorBook
	answers      answers
	tickLen      time.Duration
	timeoutTicks uint32

	manager  *Manager                // nil for a worker that runs a topology alone
	abort    context.CancelCauseFunc // ends the run
	hard     context.Context         // done when the tasks must end at once
	draining atomic.Bool             // the run was told to stop, or has failed
	ran      atomic.Bool             // Run was called
	ending   atomic.Bool             // the sources are over: idle bolts say so
	failure  atomic.Pointer[failedError]
	leaving  chan struct{} // closed when a worker that is directed ends: nobody waits for other workers any more
	nudges   chan struct{} // it may be time to end the run: a spout has become idle, or a bolt that had finished
	rests    chan struct{} // a task has become idle while that is waited for; apart from nudges, so that it is no news when a bolt that was asked to finish is idle again
	state    atomic.Pointer[string]
	started  int64
}

// driver is what differs between tasks that have goroutines and tasks that are stepped.
type driver interface {
	// now returns nanoseconds since some time, wall the time of day.
	now() int64
	wall() time.Time
	// deliver puts a slab in an inbox, and waits for room there.
	deliver(from *task, to *inbox, s *topology.Slab)
	// ship sends a slab to another worker, and waits for credit there.
	ship(from *task, p *place, slab []byte)
	// await waits until the spout may have been told something, or a while; it reports
	// false when the worker is stopped at once.
	await(t *spoutTask) bool
	// pause holds the task up.
	pause(t *task, d time.Duration)
}

// New makes the tasks of a topology. An error lists what is wrong with the overrides.
func New(t *topology.Topology, opt Options) (*Worker, error) { return newWorker(t, opt, nil) }

func newWorker(t *topology.Topology, opt Options, d driver) (*Worker, error) {
	w := &Worker{opt: opt.withDefaults(t.Options), settings: map[string]any{}, slabs: newSlabs(), leaving: make(chan struct{}), nudges: make(chan struct{}, 1), rests: make(chan struct{}, 1), hard: context.Background()}
	w.setState("starting")
	if err := errors.Join(w.opt.check(), w.override(t)); err != nil {
		return nil, err
	}
	w.tickLen = tickLength(w.opt.MessageTimeout)
	w.timeoutTicks = uint32((w.opt.MessageTimeout+w.tickLen-1)/w.tickLen) + 1
	if d == nil {
		d = &threads{w: w, base: time.Now().Add(-1)} // now is never 0, which stands for never
	}
	w.driver = d
	w.started = d.now()
	if err := w.place(); err != nil {
		return nil, err
	}
	w.makeTasks()
	for _, s := range w.slots {
		s.told = make([]words, len(w.spouts))
	}
	for _, task := range w.tasks() {
		w.wire(task)
	}
	return w, nil
}

// override sets w.topology to t with the overrides.
func (w *Worker) override(t *topology.Topology) error {
	changed := *t
	changed.Components = nil
	for _, c := range t.Components {
		d := *c
		o := w.opt.Overrides[c.ID]
		if o.Parallelism > 0 {
			d.Parallelism = o.Parallelism
		}
		if o.MaxPending > 0 {
			d.MaxPending = o.MaxPending
		}
		w.settings[c.ID] = c.Settings
		if o.Settings != nil {
			w.settings[c.ID] = o.Settings
		}
		changed.Components = append(changed.Components, &d)
	}
	w.topology = &changed
	return errors.Join(w.checkOverrides(t), w.checkLimits())
}

func (w *Worker) checkOverrides(t *topology.Topology) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(w.opt.Overrides)) {
		if t.Component(id) == nil {
			errs = append(errs, fmt.Errorf("the configuration names a component %q, which topology %q doesn't have%s", id, t.Name, t.Nearest(id)))
		}
		if o := w.opt.Overrides[id]; o.Parallelism < 0 || o.MaxPending < 0 {
			errs = append(errs, fmt.Errorf("the configuration gives component %q a negative number", id))
		}
	}
	return errors.Join(errs...)
}

// checkLimits refuses what the ledgers have no room for, before anything is made.
func (w *Worker) checkLimits() error {
	tasks := 0
	for _, c := range w.topology.Components {
		tasks += c.Parallelism
		if n := cmp.Or(c.MaxPending, w.opt.MaxSpoutPending); c.IsSpout() && n > acker.MaxPending {
			return fmt.Errorf("component %q is to have %d trees pending for each task; it can have %d", c.ID, n, acker.MaxPending)
		}
	}
	if tasks > acker.MaxTask {
		return fmt.Errorf("the topology has %d tasks; a worker can run %d", tasks, acker.MaxTask)
	}
	return nil
}

func (w *Worker) makeTasks() {
	w.ledgerOf, w.componentOf, w.boltOf = []int{-1}, []*topology.Component{nil}, []*boltTask{nil} // there is no task 0
	w.boltsOf = make([][]*boltTask, len(w.topology.Components))
	for at, c := range w.topology.Components {
		for i := range c.Parallelism {
			w.makeTask(at, c, i)
		}
	}
}

// makeTask makes the next task in the order of ids, if it runs here.
func (w *Worker) makeTask(at int, c *topology.Component, i int) {
	id := topology.TaskID(len(w.componentOf))
	w.componentOf = append(w.componentOf, c)
	w.ledgerOf, w.boltOf = append(w.ledgerOf, -1), append(w.boltOf, nil)
	switch {
	case !w.here(id):
	case c.IsSpout():
		w.ledgerOf[id] = len(w.spouts)
		w.spouts = append(w.spouts, newSpoutTask(w, id, i, c))
		w.ledgers = append(w.ledgers, w.spouts[len(w.spouts)-1].ledger)
	default:
		w.boltOf[id] = newBoltTask(w, id, i, c)
		w.bolts = append(w.bolts, w.boltOf[id])
		w.boltsOf[at] = append(w.boltsOf[at], w.boltOf[id])
	}
}

// tasks returns the tasks that run here in the order of their ids.
func (w *Worker) tasks() []*task {
	var all []*task
	for id := range w.componentOf {
		if i := w.ledgerOf[id]; i >= 0 {
			all = append(all, &w.spouts[i].task)
		} else if b := w.boltOf[id]; b != nil {
			all = append(all, &b.task)
		}
	}
	return all
}

// wire gives a task the ways that its tuples take.
func (w *Worker) wire(t *task) {
	ways := ways{t: t, one: map[topology.TaskID]*outlet{}, all: map[*place]*outlet{}}
	for i, s := range t.comp.Streams {
		x := exit{stream: s}
		for _, c := range w.topology.Components {
			for _, in := range c.Inputs {
				if in.Component == t.comp.ID && in.Stream == s.Name {
					x.routes = append(x.routes, newRoute(in, c.ID, ways.to(in, c), &t.random))
				}
			}
		}
		// What can refuse an emit is asked first: then nothing has been counted for the others.
		slices.SortStableFunc(x.routes, func(a, b route) int { return customFirst(a) - customFirst(b) })
		if s.Name == topology.DeadLetterStream {
			t.deadLetters = i
		}
		x.plain = -1
		if len(x.routes) == 1 && x.routes[0].choosesOne() && t.codec == nil && w.opt.Observer == nil {
			x.plain = len(s.Fields)
		}
		t.exits = append(t.exits, x)
		t.figures.published.passed = append(t.figures.published.passed, make([]int64, len(x.routes)))
	}
	t.words = make([]words, len(w.spouts))
	if w.owner != nil {
		t.far = newFar(len(w.slots))
	}
}

func customFirst(r route) int {
	if r.kind == topology.Custom {
		return 0
	}
	return 1
}

// ledger returns the ledger that has the root; nil when that is in another worker.
func (w *Worker) ledger(root acker.RootID) *acker.Ledger {
	if i := w.ledgerOf[root.Task()]; i >= 0 {
		return w.ledgers[i]
	}
	return nil
}

// nudge has who waits on c look again.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (w *Worker) setState(s string) { w.state.Store(&s) }
