package supervisor

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// runner runs one worker: it feeds the worker's slot with what happens, and does what that wants done. Its goroutine, run,
// owns everything but mu.
type runner struct {
	s     *Supervisor
	order order
	place *place
	log   *zap.Logger

	slot     slot
	child    *child // nil while there is no process
	life     uint64 // of the last process
	beat     string // the last that was read
	program  string // the path of the executable, once it was prepared
	prepared chan error
	cancel   context.CancelFunc // of what prepares

	stopping chan struct{} // closed when the worker isn't wanted any more
	stopOnce sync.Once
	done     chan struct{} // closed when run has returned

	mu struct {
		sync.Mutex
		process cluster.Process
	}
}

// lookEvery is how often a runner looks for signs of life and at the memory. Of a process that isn't a child of the
// supervisor, the end is seen by looking as well.
const (
	lookEvery        = 250 * time.Millisecond
	lookEveryAdopted = 50 * time.Millisecond
	crashIsNews      = 10 * time.Minute
)

// newRunner makes the runner of the order. c is the process that runs already, nil for none.
func newRunner(s *Supervisor, o order, c *child) (*runner, error) {
	p, err := openPlace(s.folder, &o)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the worker %s: %w", o.Worker, err)
	}
	r := &runner{s: s, order: o, place: p, child: c, slot: newSlot(&s.options.Timing, time.Now()),
		prepared: make(chan error, 1), stopping: make(chan struct{}), done: make(chan struct{})}
	r.log = s.log.With(zap.String("topology", o.Topology), zap.String("worker", o.Worker))
	if r.life, err = p.life(); err != nil {
		p.close()
		return nil, err
	}
	if c != nil {
		r.adopt()
		r.publish(nil)
	} else {
		r.publish(r.inquest())
	}
	return r, nil
}

// inquest reports a process that has ended while no supervisor was there to see it, if there was one.
func (r *runner) inquest() *cluster.Crash {
	var c child
	if err := readJSON(r.place.root, processFile, &c); err != nil {
		return nil
	}
	if r.place.beat() == beatOver {
		r.slot.rest(time.Now())
		return nil
	}
	return r.place.crash(r.order.Worker, &c, unknownStatus, unseenEnd)
}

// unseenEnd is the reason of a crash that an inquest finds.
const unseenEnd = "it ended while no supervisor was there"

func (r *runner) adopt() {
	r.beat = r.place.beat()
	r.slot.adopted(time.Now(), r.child.Started)
	r.log.Info("adopted the worker's process", zap.Int("pid", r.child.PID))
}

// stop has the worker stopped. It may be called from any goroutine, more than once.
func (r *runner) stop() { r.stopOnce.Do(func() { close(r.stopping) }) }

// run runs the worker until it was stopped, or ctx is done: then the process is left running.
func (r *runner) run(ctx context.Context) {
	defer close(r.done)
	defer r.s.wake()
	defer r.place.close()
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	defer signal.Stop(children)
	tick := time.NewTicker(r.lookEvery())
	defer tick.Stop()
	stopping := r.stopping
	r.do(ctx, r.slot.tick(time.Now()))
	for r.slot.state != gone {
		select {
		case <-ctx.Done():
			r.leave()
			return
		case <-stopping:
			stopping = nil
			r.do(ctx, r.slot.stop(time.Now()))
		case err := <-r.prepared:
			r.do(ctx, r.slot.prepared(time.Now(), err))
			tick.Reset(r.lookEvery())
		case <-children:
			r.reap(ctx)
		case <-tick.C:
			r.look(ctx)
		}
		r.publish(nil)
	}
	r.s.endStrays(func(worker string) bool { return worker == r.order.Worker })
	r.log.Info("the worker is stopped")
}

func (r *runner) lookEvery() time.Duration {
	if r.child != nil && r.child.adopted {
		return lookEveryAdopted
	}
	return lookEvery
}

// leave waits for what prepares the worker, if anything does.
func (r *runner) leave() {
	if r.slot.preparing {
		r.cancel()
		<-r.prepared //nolint:errcheck // nobody wants the worker any more
	}
}

// do does what the slot wants done.
func (r *runner) do(ctx context.Context, a action) {
	switch a {
	case prepare:
		r.prepare(ctx)
	case cancel:
		r.cancel()
	case launch:
		r.launch()
	case term:
		r.child.signal(unix.SIGTERM)
	case kill:
		r.child.signal(unix.SIGKILL)
	}
}

// prepare has the program and the credentials, in a goroutine that ends with a value in prepared.
func (r *runner) prepare(ctx context.Context) {
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		path, err := r.s.programs.have(ctx, &r.order.Program)
		if err == nil {
			err = r.s.credentials(ctx, r.place, &r.order)
		}
		r.program = path // run reads it after prepared was sent
		r.prepared <- err
	}()
}

// launch starts the next life.
func (r *runner) launch() {
	r.cancel()
	c, err := r.start()
	if err != nil {
		r.log.Warn("the worker can't be started", zap.Error(err))
	} else {
		r.child, r.beat = c, ""
		r.log.Info("started the worker", zap.Int("pid", c.PID), zap.Uint64("life", c.Life))
	}
	r.slot.launched(time.Now(), err)
}

// look looks for an end, a sign of life and the memory.
func (r *runner) look(ctx context.Context) {
	now := time.Now()
	r.reap(ctx)
	if r.child != nil {
		if beat := r.place.beat(); beat != "" && beat != r.beat {
			r.beat = beat
			r.slot.sign(now)
		}
		r.checkMemory(ctx, now)
	}
	r.do(ctx, r.slot.tick(now))
}

func (r *runner) checkMemory(ctx context.Context, now time.Time) {
	limit := int64(r.order.Memory) << 20
	if limit == 0 {
		return
	}
	if rss := r.child.resident(); rss > limit {
		r.do(ctx, r.slot.over(now, fmt.Sprintf("memory limit: it used %d MiB of %d MiB", rss>>20, r.order.Memory)))
	}
}

// reap sees whether the process has ended.
func (r *runner) reap(ctx context.Context) {
	if r.child == nil {
		return
	}
	status, order, over := r.child.ended()
	if !over {
		return
	}
	c := r.child
	r.child = nil
	order = order || r.place.beat() == beatOver
	do, crashed, reason := r.slot.exited(time.Now(), exit{status, order})
	r.log.Info("the worker's process has ended", zap.String("status", status), zap.Bool("crashed", crashed))
	if crashed {
		r.publish(r.place.crash(r.order.Worker, c, status, reason))
	}
	if err := r.place.forgetProcess(); err != nil {
		r.log.Warn("cleaning up after a process", zap.Error(err))
	}
	r.do(ctx, do)
}

// publish makes public how the worker fares, and wakes the supervisor when that has changed. A crash is kept until
// the next.
func (r *runner) publish(crash *cluster.Crash) {
	p := cluster.Process{Topology: r.order.Topology, TopologyID: r.order.TopologyID, Worker: r.order.Worker,
		State: r.slot.state.shown(), Life: r.life, Since: r.slot.since, Error: r.slot.err}
	if r.child != nil {
		p.PID = r.child.PID
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := &r.mu.process
	if p.Crash = crash; crash == nil {
		p.Crash = old.Crash
	}
	if p.PID != old.PID || p.State != old.State || p.Life != old.Life || p.Error != old.Error || crash != nil {
		r.s.wake()
	}
	*old = p
}

// process returns how the worker fares. It may be called from any goroutine.
func (r *runner) process(now time.Time) cluster.Process {
	r.mu.Lock()
	p := r.mu.process
	r.mu.Unlock()
	if p.Crash != nil && now.Sub(p.Crash.At) >= crashIsNews {
		p.Crash = nil
	}
	if p.PID != 0 {
		p.RSS = (&child{PID: p.PID}).resident()
	}
	return p
}
