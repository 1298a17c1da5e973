package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Run runs the topology until its sources have ended and every tree is complete, or ctx is done, and
// returns when all its goroutines have ended. It may be called once; a second call returns an error.
//
// When ctx is done, the spouts are deactivated, what is under way is drained, bolts finish, and
// everything is closed, for at most twice Options.StopTimeout; then the context that components
// were given is done, and they have a further second. Run returns nil when all
// went well; a [*StuckError] when calls of components' code did not return (their
// goroutines are left behind: Go can't end them); a component's error when an
// Open or Prepare failed, a Finish did, or an error was marked with [topology.Fatal].
func (w *Worker) Run(ctx context.Context) error {
	if w.ran.Swap(true) {
		return errors.New("worker: Run was called twice; make a new worker for another run")
	}
	running, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	hard, end := context.WithCancel(context.Background())
	defer end()
	w.hard, w.abort = hard, abort
	if w.manager != nil {
		defer w.manager.end()
	}
	r := &run{w: w, begin: make(chan struct{})}
	defer w.watch()()
	err := r.open(running)
	switch err {
	case nil:
		err = r.live(running)
		r.stop()
	case errInterrupted:
		err = nil
	}
	end()
	stuck := r.await()
	w.setState("ended")
	return errors.Join(err, r.unfinished, stuck, w.shared.close())
}

// run is the one Run of a worker.
type run struct {
	w          *Worker
	begin      chan struct{} // closed when all tasks are open
	tasks      sync.WaitGroup
	unfinished error // why bolts could not finish
}

// errInterrupted says that ctx was done while components were being opened.
var errInterrupted = errors.New("interrupted while opening")

// open starts the tasks' goroutines, and waits until all have opened.
func (r *run) open(running context.Context) error {
	opened := make(chan error, len(r.w.spouts)+len(r.w.bolts)) // nobody may be listening any more
	for _, t := range r.w.spouts {
		r.tasks.Go(func() { r.main(&t.task, t.loop, t.stop, opened) })
	}
	for _, t := range r.w.bolts {
		r.tasks.Go(func() { r.main(&t.task, t.loop, t.stop, opened) })
	}
	var errs []error
	for range cap(opened) {
		select {
		case err := <-opened:
			if err != nil {
				errs = append(errs, err)
			}
		case <-running.Done():
			return errInterrupted
		}
	}
	if len(errs) == 0 {
		close(r.begin)
	}
	return errors.Join(errs...)
}

// main is a task's goroutine.
func (r *run) main(t *task, loop func(context.Context), stop func(), opened chan<- error) {
	defer t.questions.close()
	err := t.start(r.w.hard)
	opened <- err
	if err != nil {
		return
	}
	select {
	case <-r.begin:
		if r.w.manager != nil && t.bolt != nil {
			t.setActive(true) // before the tuples that may be there from other workers
		}
		loop(r.w.hard)
	case <-r.w.hard.Done():
	}
	if !t.done {
		stop()
	}
	t.discard(r.w.hard)
}

// discard takes what still comes for a bolt that has stopped: its tuples are of trees that have failed,
// and who sends them must not wait for room.
func (t *task) discard(hard context.Context) {
	for t.bolt != nil {
		select {
		case <-t.bolt.in.slabs:
		case s := <-t.bolt.in.afar:
			s.Origin.(granter).grant()
		case <-hard.Done():
			return
		}
	}
}

// live is the time between open and stop.
func (r *run) live(running context.Context) error {
	if r.w.manager != nil {
		return r.manage(running)
	}
	r.activate(running)
	r.w.setState("running")
	for {
		select {
		case <-running.Done():
			return r.drain()
		case <-r.w.nudges:
			if r.w.sourcesOver() && r.complete(running) {
				return nil
			}
		}
	}
}

// complete finishes a run whose sources are over; it reports false when it was interrupted, or
// when there is still something to come: trees that will time out, and may be replayed.
func (r *run) complete(running context.Context) bool {
	r.w.ending.Store(true)
	defer r.w.ending.Store(false)
	if !r.quiet(running) || !r.w.mayFinish() {
		return false
	}
	return r.finish(running) && r.quiet(running) && r.w.pending() == 0 && running.Err() == nil
}

// drain ends a run that was told to stop, or that failed: then what is under way is not
// waited for.
func (r *run) drain() error {
	w := r.w
	w.setState("draining")
	w.draining.Store(true)
	patience, cancel := context.WithTimeout(context.Background(), w.opt.StopTimeout)
	defer cancel()
	r.deactivate(patience)
	if failed := w.failure.Load(); failed != nil {
		return failed.err
	}
	w.ending.Store(true)
	if r.quiet(patience) && r.finish(patience) {
		r.quiet(patience)
	}
	if failed := w.failure.Load(); failed != nil {
		return failed.err
	}
	if patience.Err() != nil {
		return fmt.Errorf("stopped after draining for %v; %d tuple trees were not complete, their spouts were told so", w.opt.StopTimeout, w.pending())
	}
	return nil
}

// failedError is why a run was aborted.
type failedError struct{ err error }

func (e *failedError) Error() string { return e.err.Error() }

// fail ends the run with an error of a component, unless it has failed before.
func (w *Worker) fail(err error) {
	failed := &failedError{err}
	if w.failure.CompareAndSwap(nil, failed) && w.abort != nil {
		w.abort(failed)
	}
}

// activate activates the bolts before the spouts send them anything.
func (r *run) activate(patience context.Context) {
	for _, t := range r.w.bolts {
		r.ask(patience, &t.task, func() { t.setActive(true) })
	}
	r.setSpouts(patience, true)
}

// deactivate deactivates the spouts. The bolts still have work to do: it is their turn when they stop.
func (r *run) deactivate(patience context.Context) { r.setSpouts(patience, false) }

// setSpouts asks all spouts at once: one that waits for room downstream must not keep the others waiting. It reports whether all have
// heard it.
func (r *run) setSpouts(patience context.Context, active bool) bool {
	var asked sync.WaitGroup
	var missed atomic.Bool
	for _, t := range r.w.spouts {
		asked.Go(func() {
			if !r.ask(patience, &t.task, func() { t.setActive(active) }) {
				missed.Store(true)
			}
		})
	}
	asked.Wait()
	return !missed.Load()
}

// finish has the bolts say what they held back, those upstream first; false when patience ended first.
func (r *run) finish(patience context.Context) bool {
	for _, c := range r.w.topology.Upstream() {
		err := r.finishComponent(patience, c.ID)
		if errors.Is(err, errPatience) {
			return false
		}
		r.unfinished = errors.Join(r.unfinished, err)
		if !c.IsSpout() && !r.quiet(patience) {
			return false
		}
	}
	return true
}

// errPatience says that patience ended before all tasks had done what they were asked.
var errPatience = errors.New("worker: patience has ended")

// finishComponent has the bolts of a component finish. An error is theirs, or errPatience.
func (r *run) finishComponent(patience context.Context, id string) error {
	var errs []error
	for _, t := range r.w.bolts {
		if t.comp.ID != id {
			continue
		}
		finished := make(chan error, 1)
		if !r.ask(patience, &t.task, func() { finished <- t.finish(r.w.hard) }) {
			return errPatience
		}
		errs = append(errs, <-finished)
	}
	return errors.Join(errs...)
}

// stop ends the tasks, each in its own time.
func (r *run) stop() {
	patience, cancel := context.WithTimeout(context.Background(), r.w.opt.StopTimeout)
	defer cancel()
	var asked sync.WaitGroup
	for _, t := range r.w.spouts {
		asked.Go(func() { r.ask(patience, &t.task, t.stop) })
	}
	for _, t := range r.w.bolts {
		asked.Go(func() { r.ask(patience, &t.task, t.stop) })
	}
	asked.Wait()
}

// ask has a task do f on its goroutine, and waits until it has; false when patience ended first.
func (r *run) ask(patience context.Context, t *task, f func()) bool {
	done := make(chan struct{})
	select {
	case t.ctl <- func() { defer close(done); f() }:
	case <-patience.Done():
		return false
	}
	select {
	case <-done:
		return true
	case <-patience.Done():
		return false
	}
}

// grace is what components have after their context is done.
const grace = time.Second

// await waits until the tasks' goroutines have ended.
func (r *run) await() error {
	ended := make(chan struct{})
	go func() {
		r.tasks.Wait()
		r.w.answers.running.Wait() // nothing is asked of tasks that have ended
		close(ended)
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return r.w.stuckError()
	}
}
