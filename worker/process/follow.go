package process

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"go.uber.org/zap"
)

// For how long reads must have found no place for the worker before it believes them. Of several NATS servers one that lags may
// answer as it was before the worker was placed: until the worker has seen its place once, it waits for such a server to catch up.
const (
	goneAfter        = readInterval / 2
	goneAfterAtFirst = 5 * readInterval
)

// stamp tells which of two records of an assignment was written later.
type stamp struct{ epoch, version uint64 }

func stampOf(a *cluster.Assignment) stamp { return stamp{a.Epoch, a.Version} }

// compare puts the epoch first: a leader that has taken over may not have read the last version of the one before.
func (s stamp) compare(o stamp) int {
	return cmp.Or(cmp.Compare(s.epoch, o.epoch), cmp.Compare(s.version, o.version))
}

// follow does what an assignment says. nil says that the topology is gone.
func (h *host) follow(ctx context.Context, a *cluster.Assignment) error {
	if a == nil {
		h.maybeGone()
		return nil
	}
	age := stampOf(a).compare(h.followed)
	if age < 0 {
		return nil // read before the one that was followed
	}
	current := a.Current.Worker(h.spec.Worker) != nil
	if !current && a.Next.Worker(h.spec.Worker) == nil {
		h.maybeGone()
		return nil
	}
	h.missing, h.followed = time.Time{}, stampOf(a)
	h.version.Store(a.Version)
	if !current {
		return nil
	}
	return h.run(ctx, a, age > 0)
}

// run opens the tasks, or has them follow an assignment that they don't know yet.
func (h *host) run(ctx context.Context, a *cluster.Assignment, isNew bool) error {
	t := h.running()
	switch {
	case h.fatal.Load() != nil:
		return nil
	case t == nil:
		return h.open(ctx, a)
	case isNew:
		return t.update(a)
	}
	return nil
}

// maybeGone ends the worker when it has had no place for long enough.
func (h *host) maybeGone() {
	if h.missing.IsZero() {
		h.missing = time.Now()
	}
	patience := goneAfter
	if h.followed == (stamp{}) {
		patience = goneAfterAtFirst
	}
	if time.Since(h.missing) >= patience {
		h.end("the worker has no place in the topology any more")
	}
}

// open opens the tasks, unless a drain has begun. It doesn't wait for their code.
func (h *host) open(ctx context.Context, a *cluster.Assignment) error {
	if h.drained.Load() {
		return nil
	}
	h.setPhase(cluster.Opening)
	h.report()
	t, err := h.openTasks(ctx, a.Current)
	if err != nil {
		return err
	}
	t.valve.set(a.Active)
	h.tasks.Store(t)
	if h.drained.Load() { // a drain that came meanwhile may not have seen the tasks, and believes that there are none
		t.valve.lock()
	}
	h.owned.Go(func() { t.valve.run(ctx) })
	return nil
}

// tasksOpen notes that all tasks are open, and do what the assignment says.
func (h *host) tasksOpen() {
	h.setPhase(cluster.Running)
	active, _ := h.running().valve.state()
	h.log.Info("the worker's tasks run", zap.Int("generation", h.running().generation), zap.Bool("active", active))
}

// maxFatal bounds what is told of a fatal error, in bytes: it is in every report.
const maxFatal = 16 << 10

// tasksEnded deals with the end of the run that nobody has asked for. A fatal error ends the topology: the process stays to
// say so, until it is stopped. Any other has the supervisor start the worker anew.
func (h *host) tasksEnded(ctx context.Context, err error) error {
	h.closeLinks(h.tasks.Swap(nil))
	switch {
	case ctx.Err() != nil:
		h.logEnd(err)
		return nil //nolint:nilerr // the process ends anyway, and has said why
	case err == nil:
		return errors.New("the tasks have ended by themselves")
	case !topology.IsFatal(err):
		return err
	}
	text := err.Error()
	text = text[:min(len(text), maxFatal)]
	h.fatal.Store(&text)
	h.setPhase(cluster.Stopped)
	h.log.Error("the topology has failed", zap.Error(err))
	return nil
}

// close waits for the tasks to be closed, and says so. What goes wrong with that is no failure of the process, which was to end: started
// anew, it would only have to be ended again.
func (h *host) close() {
	if t := h.running(); t != nil {
		h.logEnd(<-t.ended)
		h.closeLinks(t)
	}
	h.setPhase(cluster.Stopped)
	h.report()
	_ = h.nc.FlushTimeout(time.Second) // the report is a courtesy
}

func (h *host) logEnd(err error) {
	if err != nil {
		h.log.Error("the tasks did not end in order", zap.Error(err))
	}
}

func (h *host) closeLinks(t *tasks) {
	if err := t.node.Close(); err != nil {
		h.log.Debug("the links did not close in order", zap.Error(err))
	}
}
