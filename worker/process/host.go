package process

import (
	"context"
	"errors"
	"fmt"
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

	end      func(why string) // ends the process in order
	tasks    atomic.Pointer[tasks]
	phase    atomic.Pointer[cluster.Phase]
	version  atomic.Uint64 // of the assignment that was followed last, for reports
	fatal    atomic.Pointer[string]
	seq      atomic.Uint64
	drained  atomic.Bool // told to pause for good, perhaps before the tasks were open: then they never are
	followed stamp       // of the assignment that was followed last
	missing  time.Time   // since when reads have found no place for the worker; zero: they have
	cut      int         // how much was left out of the last report
	owned    sync.WaitGroup

	questions atomic.Int64 // that are being answered
}

// Run is the life of a worker's process: until ctx is done, Nimbus tells it to stop, its assignment is gone, or its tasks have failed.
// opt.Placement, Name and Seed are set by it. It may be called once. An error is why the process should end with a failure: the
// supervisor then starts it anew.
func Run(ctx context.Context, t *topology.Topology, opt worker.Options, spec cluster.WorkerSpec) error {
	b, err := newBeater(spec.BeatFile)
	if err != nil {
		return err
	}
	defer b.close()
	ctx, cancel := context.WithCancelCause(ctx)
	h := newHost(t, opt, spec)
	h.end = func(why string) { cancel(errors.New(why)) }
	h.owned.Go(func() { b.run(ctx) })
	h.owned.Go(func() { logFile{spec.LogFile, spec.LogLimit, spec.LogFiles}.run(ctx, h.log) })
	err = h.connectAndRun(ctx)
	h.log.Info("the worker ends", zap.NamedError("because", context.Cause(ctx)), zap.Error(err))
	cancel(nil)
	h.owned.Wait()
	if err == nil {
		b.over()
	}
	return err
}

func newHost(t *topology.Topology, opt worker.Options, spec cluster.WorkerSpec) *host {
	h := &host{spec: spec, topology: t, options: opt, log: opt.Log, orders: make(chan order, maxOrders), news: make(chan news)}
	if h.log == nil {
		h.log = zap.NewNop()
	}
	h.setPhase(cluster.Standby)
	return h
}

func (h *host) connectAndRun(ctx context.Context) (err error) {
	if h.nc = h.connect(ctx); h.nc == nil {
		return nil // told to end before it could begin
	}
	defer h.nc.Close()
	sub, err := h.listen(ctx)
	if err != nil {
		return fmt.Errorf("subscribing to Nimbus' requests: %w", err)
	}
	defer unlisten(sub)
	questions, err := h.hearQuestions(ctx)
	if err != nil {
		return fmt.Errorf("subscribing to questions: %w", err)
	}
	defer unlisten(questions)
	h.owned.Go(func() { h.obey(ctx) })
	h.owned.Go(func() { (&reader{spec: h.spec, nc: h.nc, log: h.log, out: h.news, every: readInterval}).run(ctx) })
	return h.loop(ctx)
}

const connectPause = 200 * time.Millisecond

// connect connects to NATS, however long that takes; nil when ctx is done before.
func (h *host) connect(ctx context.Context) *nats.Conn {
	for {
		nc, err := cluster.Connect(h.spec.Access, "gale worker "+h.spec.Worker, h.log, nats.CustomInboxPrefix(cluster.WorkerInbox(h.spec.Worker)))
		if err == nil {
			return nc
		}
		h.log.Warn("NATS can't be reached; trying again", zap.Error(err))
		select {
		case <-time.After(connectPause):
		case <-ctx.Done():
			return nil
		}
	}
}

// loop follows the assignment and reports, until the process is to end.
func (h *host) loop(ctx context.Context) error {
	defer h.close()
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case n := <-h.news:
			err = h.follow(ctx, n.assignment)
		case <-h.opened():
			h.tasksOpen()
		case err = <-h.ended():
			err = h.tasksEnded(ctx, err)
		case <-ticker.C:
		}
		if err != nil {
			h.end(err.Error())
			return err
		}
		h.report()
	}
}

// running returns the tasks, nil while they are not open.
func (h *host) running() *tasks { return h.tasks.Load() }

// opened is where it is told that the tasks are open, once.
func (h *host) opened() chan struct{} {
	if t := h.running(); t != nil && h.currentPhase() == cluster.Opening {
		return t.valve.opened
	}
	return nil
}

// ended is where the run's end is told; nil while it doesn't run.
func (h *host) ended() chan error {
	if t := h.running(); t != nil {
		return t.ended
	}
	return nil
}

func (h *host) setPhase(p cluster.Phase) { h.phase.Store(&p) }

func (h *host) currentPhase() cluster.Phase { return *h.phase.Load() }
