package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// host is a worker's process. Its loop owns the assignment and what follows from it.
type host struct {
	spec     cluster.WorkerSpec
	topology *topology.Topology
	options  worker.Options
	log      *zap.Logger
	nc       *nats.Conn
	orders   chan order
	news     chan news

	end     func(why string) // ends the process in order
	tasks   atomic.Pointer[tasks]
	phase   atomic.Pointer[cluster.Phase]
	version atomic.Uint64 // of the assignment that was followed last
	fatal   atomic.Pointer[string]
	seq     atomic.Uint64
	drained atomic.Bool // told to pause for good before the tasks were open: they never are
	gone    int         // how many reads in a row have found no place for the worker
}

// ReadSpec reads the file that cluster.SpecVariable names.
func ReadSpec(file string) (spec cluster.WorkerSpec, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return spec, fmt.Errorf("the worker's spec: %w", err)
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		return spec, fmt.Errorf("the worker's spec %s: %w", file, err)
	}
	if spec.Protocol != cluster.Protocol {
		return spec, fmt.Errorf("the supervisor speaks protocol %d, this program %d: build the program with the cluster's version of Gale", spec.Protocol, cluster.Protocol)
	}
	return spec, nil
}

// Run is the life of a worker's process: until ctx is done, Nimbus tells it to stop, its assignment is gone, or its tasks have failed.
// opt.Placement, Name and Seed are set by it. It may be called once. An error is why the process should end with a failure: the
// supervisor then starts it anew.
func Run(ctx context.Context, t *topology.Topology, opt worker.Options, spec cluster.WorkerSpec) error {
	b, err := newBeater(spec.BeatFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	h := &host{spec: spec, topology: t, options: opt, log: opt.Log, orders: make(chan order, maxOrders), news: make(chan news)}
	h.end = func(why string) { cancel(errors.New(why)) }
	h.setPhase(cluster.Standby)
	var running sync.WaitGroup
	running.Go(func() { b.run(ctx) })
	running.Go(func() { logFile{spec.LogFile, spec.LogLimit, spec.LogFiles}.run(ctx, h.log) })
	err = h.connectAndRun(ctx, &running)
	h.log.Info("the worker ends", zap.NamedError("because", context.Cause(ctx)), zap.Error(err))
	cancel(nil)
	running.Wait()
	if err == nil {
		b.over()
	}
	return err
}

func (h *host) connectAndRun(ctx context.Context, running *sync.WaitGroup) (err error) {
	if h.nc, err = h.connect(ctx); err != nil {
		return err
	}
	defer h.nc.Close()
	sub, err := h.listen(ctx)
	if err != nil {
		return fmt.Errorf("subscribing to Nimbus' requests: %w", err)
	}
	defer unlisten(sub)
	running.Go(func() { h.obey(ctx) })
	running.Go(func() { (&reader{spec: h.spec, nc: h.nc, log: h.log, out: h.news, every: readInterval}).run(ctx) })
	return h.loop(ctx)
}

const connectPause = 200 * time.Millisecond

// connect connects to NATS, however long that takes.
func (h *host) connect(ctx context.Context) (*nats.Conn, error) {
	for {
		nc, err := cluster.Connect(h.spec.Access, "gale worker "+h.spec.Worker, h.log, nats.CustomInboxPrefix(cluster.WorkerInbox(h.spec.Worker)))
		if err == nil {
			return nc, nil
		}
		h.log.Warn("NATS can't be reached; trying again", zap.Error(err))
		select {
		case <-time.After(connectPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// loop follows the assignment and reports, until the process is to end.
func (h *host) loop(ctx context.Context) error {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return h.close()
		case n := <-h.news:
			if err := h.follow(ctx, n.assignment); err != nil {
				return errors.Join(err, h.close())
			}
		case err := <-h.ended():
			if err := h.tasksEnded(ctx, err); err != nil {
				return err
			}
		case <-ticker.C:
		}
		h.report()
	}
}

// running returns the tasks, nil while they are not open.
func (h *host) running() *tasks { return h.tasks.Load() }

// ended is where the run's end is told; nil while it doesn't run.
func (h *host) ended() chan error {
	if t := h.running(); t != nil {
		return t.ended
	}
	return nil
}

// maxGone is in how many reads in a row the worker must be missing before it believes it: one may be of before it was placed.
const maxGone = 2

// follow does what an assignment says. nil says that the topology is gone.
func (h *host) follow(ctx context.Context, a *cluster.Assignment) error {
	if a != nil && a.Version < h.version.Load() {
		return nil // read before the one that was followed
	}
	switch {
	case a != nil && a.Current.Worker(h.spec.Worker) != nil:
		h.gone = 0
		h.version.Store(a.Version)
		return h.run(ctx, a)
	case a != nil && a.Next.Worker(h.spec.Worker) != nil:
		h.gone = 0
		h.version.Store(a.Version)
		return nil
	}
	if h.gone++; h.gone >= maxGone {
		h.end("the worker has no place in the topology any more")
	}
	return nil
}

// run opens the tasks, or has them follow the assignment.
func (h *host) run(ctx context.Context, a *cluster.Assignment) error {
	if h.fatal.Load() != nil || h.drained.Load() {
		return nil
	}
	t := h.running()
	if t == nil {
		h.setPhase(cluster.Opening)
		h.report()
		opened, err := h.openTasks(ctx, a.Current)
		if err != nil {
			return err
		}
		h.tasks.Store(opened)
		t = opened
		h.activateWhenOpen(ctx, t, a)
		return nil
	}
	return h.update(ctx, t, a)
}

// activateWhenOpen waits for the tasks to be open, apart from the loop, so that Open may take its time.
func (h *host) activateWhenOpen(ctx context.Context, t *tasks, a *cluster.Assignment) {
	go func() {
		if err := t.update(ctx, a); err == nil {
			h.setPhase(cluster.Running)
			h.log.Info("the worker's tasks run", zap.Int("generation", t.generation), zap.Bool("active", a.Active))
			h.report()
		}
	}()
}

// update has open tasks follow the assignment.
func (h *host) update(ctx context.Context, t *tasks, a *cluster.Assignment) error {
	if err := t.known.update(a.Current); err != nil {
		return err
	}
	t.link(a.Current)
	if active, _ := t.state(); active != a.Active && h.currentPhase() == cluster.Running {
		go func() { _ = t.activate(ctx, a.Active) }() // which fails only when all ends
	}
	return nil
}

// tasksEnded deals with the end of the run that nobody has asked for. A fatal error ends the topology: the process stays to
// say so, until it is stopped. Any other has the supervisor start the worker anew.
func (h *host) tasksEnded(ctx context.Context, err error) error {
	t := h.tasks.Swap(nil)
	h.closeLinks(t)
	if ctx.Err() != nil {
		return nil
	}
	if err == nil {
		err = errors.New("the tasks have ended by themselves")
	}
	if !topology.IsFatal(err) {
		return err
	}
	text := err.Error()
	h.fatal.Store(&text)
	h.setPhase(cluster.Stopped)
	h.log.Error("the topology has failed", zap.Error(err))
	return nil
}

// close waits for the tasks to be closed.
func (h *host) close() error {
	t := h.running()
	if t == nil {
		return nil
	}
	err := <-t.ended
	h.closeLinks(t)
	h.setPhase(cluster.Stopped)
	h.report()
	_ = h.nc.FlushTimeout(time.Second) // the report is a courtesy
	var stuck *worker.StuckError
	if errors.As(err, &stuck) {
		h.log.Warn("the worker ends all the same", zap.Error(err))
		return nil
	}
	return err
}

func (h *host) closeLinks(t *tasks) {
	if err := t.node.Close(); err != nil {
		h.log.Debug("the links did not close in order", zap.Error(err))
	}
}

func (h *host) setPhase(p cluster.Phase) { h.phase.Store(&p) }

func (h *host) currentPhase() cluster.Phase { return *h.phase.Load() }
