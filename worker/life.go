package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

// code returns the spout or bolt that the task runs.
func (t *task) code() any {
	if t.spout != nil {
		return t.spout.instance
	}
	return t.bolt.instance
}

// start makes an instance of the component, and opens or prepares it. A panic is an error.
func (t *task) start(ctx context.Context) (err error) {
	defer t.busy.Store(t.busy.Swap(t.w.driver.now()))
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError(t.name(), p)
		}
		if err != nil {
			t.questions.close()
		}
	}()
	t.questions.open(ctx)
	if t.spout != nil {
		return t.spout.open(ctx)
	}
	return t.bolt.prepare(ctx)
}

// startAgain replaces an instance that has panicked, after a pause that grows while nothing but panics
// happens. An error says that it can't be: the topology ends.
func (t *task) startAgain(ctx context.Context) error {
	t.questions.close() // it can't answer for one that is not there
	for {
		t.w.driver.pause(t, restartPause(t.panics))
		t.panics++
		err := t.start(ctx)
		switch {
		case err == nil:
			if a, ok := t.code().(topology.Activator); ok && t.active {
				t.lifecycleCall("activate", func() error { a.Activate(); return nil })
			}
			return nil
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the run has ended meanwhile
		case topology.IsFatal(err):
			t.w.fail(err)
			return err
		}
		t.report(err)
		if t.w.draining.Load() { // nothing will come of it any more
			return err
		}
	}
}

const maxRestartPause = time.Second

// restartPause is 0 for the first restart, then 10 ms, doubling up to a second.
func restartPause(before int) time.Duration {
	if before == 0 {
		return 0
	}
	return min(10*time.Millisecond<<min(before-1, 10), maxRestartPause)
}

// setActive tells the instance that its topology begins, pauses or ends.
func (t *task) setActive(active bool) {
	if t.active == active {
		return
	}
	t.active = active
	what := "deactivate"
	if active {
		what = "activate"
	}
	t.lifecycleCall(what, func() error {
		if a, ok := t.code().(topology.Activator); ok && active {
			a.Activate()
		}
		if d, ok := t.code().(topology.Deactivator); ok && !active {
			d.Deactivate()
		}
		return nil
	})
}

// lifecycleCall runs code of the instance that handles no tuple; what goes wrong there is reported.
func (t *task) lifecycleCall(what string, f func() error) {
	defer t.busy.Store(t.busy.Swap(t.w.driver.now()))
	defer func() {
		if p := recover(); p != nil {
			t.report(fmt.Errorf("%s: %w", what, newPanicError(t.name(), p)))
		}
	}()
	if err := f(); err != nil {
		t.report(fmt.Errorf("%s: %w", what, err))
	}
}
