package worker

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// StuckError says that calls of components' code did not return though their context was done.
type StuckError struct {
	Tasks []string // "component[index] for 12s"; "3 answers to questions"
}

// Error names the tasks.
func (e *StuckError) Error() string {
	return fmt.Sprintf("left behind, because their code did not return when its context was done: %s", strings.Join(e.Tasks, ", "))
}

func (w *Worker) stuckError() error {
	e := &StuckError{}
	for _, t := range w.tasks() {
		if since := t.busy.Load(); since != 0 {
			e.Tasks = append(e.Tasks, fmt.Sprintf("%s for %v", t.name(), time.Duration(w.driver.now()-since).Round(time.Millisecond)))
		}
	}
	if n := w.answers.n.Load(); n > 0 {
		e.Tasks = append(e.Tasks, fmt.Sprintf("%d answers to questions", n))
	}
	return e
}

// watch reports stuck calls until the returned function is called, which waits until it has ended.
func (w *Worker) watch() (stop func()) {
	var watching sync.WaitGroup
	end := make(chan struct{})
	watching.Go(func() {
		ticker := time.NewTicker(w.watchInterval())
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				w.reportStuck()
			case <-end:
				return
			}
		}
	})
	return func() { close(end); watching.Wait() }
}

// watchInterval is how often tasks are looked at.
func (w *Worker) watchInterval() time.Duration {
	if w.opt.StuckAfter < 0 {
		return time.Hour
	}
	return max(w.opt.StuckAfter/4, time.Millisecond)
}

// stuckFor returns how long the task has been in one call, when that is too long; else 0.
func (t *task) stuckFor() time.Duration {
	since := t.busy.Load()
	if since == 0 || t.w.opt.StuckAfter < 0 {
		return 0
	}
	if d := time.Duration(t.w.driver.now() - since); d > t.w.opt.StuckAfter {
		return d
	}
	return 0
}

// reportStuck reports each call that takes too long, once.
func (w *Worker) reportStuck() {
	for _, t := range w.tasks() {
		if d := t.stuckFor(); d > 0 && t.stuckReported.Swap(t.busy.Load()) != t.busy.Load() {
			t.report(fmt.Errorf("%s has been in one call for %v; its tuples wait, and their trees will time out", t.name(), d.Round(time.Millisecond)))
		}
	}
}
