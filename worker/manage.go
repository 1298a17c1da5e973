package worker

import (
	"cmp"
	"context"
	"errors"
)

// Manager directs a worker whose topology has other workers, too: what a run of one worker decides by itself, when to emit, to
// finish and to end, is decided for all of them elsewhere. Its methods may be called from any goroutine; they wait for tasks until
// ctx is done, and for the run to begin. An error is ctx's, and then some of the tasks may have done what they were asked to and others may still do
// it, or [ErrEnded].
type Manager struct {
	w    *Worker
	asks chan ask
	over context.Context // done when the run takes no asks any more
	end  context.CancelFunc
}

// ask is what the run is to do while ctx lasts.
type ask struct {
	ctx  context.Context
	do   func(r *run, patience context.Context) error
	done chan error // room for one
}

// Manage makes the worker one that is directed. It is called once, before Run, whose spouts then emit nothing until they are
// activated, and which ends when its ctx is done or a component's error was fatal; it doesn't drain.
func (w *Worker) Manage() *Manager {
	m := &Manager{w: w, asks: make(chan ask)}
	m.over, m.end = context.WithCancel(context.Background())
	w.manager = m
	return m
}

// ErrEnded says that the worker's run is over.
var ErrEnded = errors.New("worker: the run has ended")

// do has the run do f, and waits until it has.
func (m *Manager) do(ctx context.Context, f func(r *run, patience context.Context) error) error {
	a := ask{ctx, f, make(chan error, 1)}
	select {
	case m.asks <- a:
	case <-m.over.Done():
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	err := <-a.done
	if errors.Is(err, errPatience) {
		return cmp.Or(ctx.Err(), ErrEnded)
	}
	return err
}

// Activate has the spouts emit, or with false pause.
func (m *Manager) Activate(ctx context.Context, active bool) error {
	return m.do(ctx, func(r *run, patience context.Context) error {
		if !r.setSpouts(patience, active) {
			return errPatience
		}
		return nil
	})
}

// Finish has the bolts of a component that run here finish. An error may also be theirs.
func (m *Manager) Finish(ctx context.Context, component string) error {
	return m.do(ctx, func(r *run, patience context.Context) error {
		m.w.draining.Store(true)
		return r.finishComponent(patience, component)
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
	Moved       int64 // slabs and mails ever put into an inbox
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
	for _, t := range w.tasks() {
		p.Moved += t.mail.sent.Load()
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
	defer w.manager.end()
	w.setState("running")
	for {
		select {
		case a := <-w.manager.asks:
			a.done <- r.obey(running, a)
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

// obey does what is asked, as long as who asks waits for it and the run lasts.
func (r *run) obey(running context.Context, a ask) error {
	patience, cancel := context.WithCancel(a.ctx)
	defer cancel()
	defer context.AfterFunc(running, cancel)()
	return a.do(r, patience)
}
