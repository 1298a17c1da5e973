package worker

import (
	"context"
	"errors"
)

// Manager directs a worker whose topology has other workers, too: what a run of one worker decides by itself, when to emit, to
// finish and to end, is decided for all of them elsewhere. Its methods may be called from any goroutine, while Run runs; they
// wait for tasks, until ctx is done.
type Manager struct {
	w    *Worker
	asks chan func(r *run)
}

// Manage makes the worker one that is directed. It is called before Run, whose spouts then emit nothing until they are
// activated, and which ends when its ctx is done or a component's error was fatal; it doesn't drain.
func (w *Worker) Manage() *Manager {
	w.manager = &Manager{w, make(chan func(r *run))}
	return w.manager
}

// ErrEnded says that the worker's run is over, or has not begun.
var ErrEnded = errors.New("worker: the run has ended")

// do has the run do f, and waits until it has.
func (m *Manager) do(ctx context.Context, f func(r *run)) error {
	done := make(chan struct{})
	select {
	case m.asks <- func(r *run) { defer close(done); f(r) }:
	case <-ctx.Done():
		return ErrEnded
	}
	<-done
	return ctx.Err()
}

// Activate has the spouts emit, or with false pause.
func (m *Manager) Activate(ctx context.Context, active bool) error {
	return m.do(ctx, func(r *run) { r.setSpouts(ctx, active) })
}

// Finish has the bolts of a component that run here finish.
func (m *Manager) Finish(ctx context.Context, component string) error {
	return m.do(ctx, func(r *run) {
		m.w.draining.Store(true)
		for _, t := range m.w.bolts {
			if t.comp.ID == component {
				r.finishBolt(ctx, t)
			}
		}
	})
}

// Progress is what must be known of all workers of a topology to see whether anything is under way. When all are quiet, and Sent
// and Handled are equal in sum, twice in a row without a change, nothing is.
type Progress struct {
	SourcesOver bool  // all spouts have ended or are paused
	Ended       bool  // all spouts have ended by themselves
	Quiet       bool  // all tasks sleep, and no inbox or lane holds anything
	Pending     int   // trees that are not complete
	Holding     bool  // some bolt holds tuples, which its Finish may settle
	Sent        int64 // slabs and records sent to other workers
	Handled     int64 // slabs and records from other workers that were taken in
	Moved       int64 // slabs ever put into an inbox
}

// Progress tells how far the worker is. It may be called at any time.
func (w *Worker) Progress() Progress {
	p := Progress{SourcesOver: w.sourcesOver(), Ended: w.exhausted(), Quiet: w.isQuiet(), Pending: w.pending(), Holding: w.holding()}
	for _, s := range w.slots {
		if peer := s.reach(); peer != nil {
			sent, handled := peer.Traffic()
			p.Sent, p.Handled = p.Sent+sent, p.Handled+handled
		}
	}
	for _, t := range w.bolts {
		p.Moved += t.in.sent.Load()
	}
	return p
}

// exhausted reports whether all spouts have ended by themselves, and will emit nothing unless a tree fails.
func (w *Worker) exhausted() bool {
	for _, t := range w.spouts {
		if !t.idle.Load() || !t.exhausted.Load() {
			return false
		}
	}
	return true
}

// manage is the time between open and stop of a worker that is directed.
func (r *run) manage(running context.Context) error {
	w := r.w
	for _, t := range w.bolts {
		r.ask(running, &t.task, func() { t.setActive(true) })
	}
	w.setState("running")
	for {
		select {
		case f := <-w.manager.asks:
			f(r)
		case <-running.Done():
			w.draining.Store(true)
			close(w.leaving)
			if failed := w.failure.Load(); failed != nil {
				return failed.err
			}
			return nil
		}
	}
}
