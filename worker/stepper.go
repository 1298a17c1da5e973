package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

// Stepper runs a topology's tasks in the caller's goroutine and in simulated time, for tests: the
// same seed gives the same run. It is the engine of package topologytest. It is not safe for
// concurrent use, but components may use goroutines of their own, Context.Wake and Context.Tell.
type Stepper struct {
	w         *Worker
	d         *steps
	end       context.CancelFunc
	finishErr error // why bolts could not finish
}

// NewStepper makes the tasks of a topology. Simulated time begins at the given time. Each tuple
// travels alone (Options.BatchSize and InboxBatches have no effect), and inboxes are not bounded.
func NewStepper(t *topology.Topology, opt Options, start time.Time, faults Faults) (*Stepper, error) {
	opt.BatchSize, opt.StuckAfter = 1, -1
	d := &steps{start: start, faults: faults, at: 1}
	w, err := newWorker(t, opt, d)
	if err != nil {
		return nil, err
	}
	d.w, d.random = w, newRandom(w.opt.Seed, 0)
	s := &Stepper{w: w, d: d}
	running, abort := context.WithCancelCause(context.Background())
	w.abort = abort
	w.hard, s.end = context.WithCancel(running)
	return s, nil
}

// Start opens and activates the components.
func (s *Stepper) Start() error {
	var errs []error
	for _, t := range s.w.tasks() {
		errs = append(errs, t.start(s.w.hard))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, t := range s.w.spouts {
		t.clock()
		t.sweepAt = t.now + int64(s.w.tickLen)
		t.setActive(true)
	}
	for _, t := range s.w.bolts {
		t.clock()
		t.armTick()
		t.setActive(true)
	}
	s.w.setState("running")
	return nil
}

// Now returns the simulated time.
func (s *Stepper) Now() time.Time { return s.d.wall() }

// Snapshot tells how the tasks fare.
func (s *Stepper) Snapshot() Snapshot { return s.w.Snapshot() }

// Ask asks a task a question, as [Worker.Ask] does. Nothing is stepped meanwhile, so what answers must not wait for a task.
func (s *Stepper) Ask(ctx context.Context, task topology.TaskID, endpoint string, request []byte) ([]byte, error) {
	return s.w.Ask(ctx, task, endpoint, request)
}

// Settle works until nothing more happens unless time passes. It returns the error of a
// component that ended the topology.
func (s *Stepper) Settle() error {
	fails := s.fails()
	for n := 1; s.Failure() == nil && s.d.step(nil); n++ {
		if n%maxFailsAtOnce == 0 && s.fails()-fails > maxFailsAtOnce {
			return fmt.Errorf("more than %d tuple trees have failed without any time passing: something fails whenever it is replayed; the last errors: %s", maxFailsAtOnce, s.lastErrors())
		}
	}
	return s.Failure()
}

// maxFailsAtOnce bounds how many trees may fail at one moment of simulated time, so that a test ends in which
// a tuple that always fails is replayed at once.
const maxFailsAtOnce = 10_000

func (s *Stepper) fails() (n int64) {
	for _, t := range s.w.spouts {
		n += t.figures.failed
	}
	return n
}

// lastErrors returns the last error of each component.
func (s *Stepper) lastErrors() string {
	last := map[string]string{}
	for _, e := range s.Snapshot().Errors {
		last[e.Component] = e.Text
	}
	return fmt.Sprint(last)
}

// Failure returns the error that ended the topology, if one has.
func (s *Stepper) Failure() error {
	if f := new(failedError); errors.As(context.Cause(s.w.hard), &f) {
		return f.err
	}
	return nil
}

// Advance lets the time pass, with all that happens meanwhile: ticks, timeouts, retries.
func (s *Stepper) Advance(by time.Duration) error {
	until := s.d.at + int64(by)
	for {
		if err := s.Settle(); err != nil {
			return err
		}
		next := s.d.next()
		if next == 0 || next > until {
			break
		}
		s.d.at = next
	}
	s.d.at = until
	return s.Settle()
}

// Complete works until the sources have ended and every tree is complete, letting as much time
// pass as that takes, at most the given time, and has the bolts finish.
func (s *Stepper) Complete(within time.Duration) error {
	until := s.d.at + int64(within)
	for {
		if err := s.Settle(); err != nil {
			return err
		}
		if s.over() && s.w.mayFinish() && s.finish() {
			return errors.Join(s.Failure(), s.finishErr)
		}
		next := s.d.next()
		if next == 0 || next > until {
			return fmt.Errorf("the topology has not ended within %v of simulated time: %s", within, s.unfinished())
		}
		s.d.at = next
	}
}

// over reports whether only trees that time out, or held tuples, are left.
func (s *Stepper) over() bool {
	for _, t := range s.w.spouts {
		if !t.ended && t.active {
			return false
		}
	}
	for _, t := range s.w.bolts {
		if t.retry.next() != 0 {
			return false
		}
	}
	return len(s.d.delayed) == 0
}

// finish has the bolts finish; it reports whether every tree is complete then.
func (s *Stepper) finish() bool {
	for _, c := range s.w.topology.Upstream() {
		for _, t := range s.w.bolts {
			if t.comp == c {
				t.clock()
				s.finishErr = errors.Join(s.finishErr, t.finish(s.w.hard))
			}
		}
		if s.Settle() != nil {
			return true
		}
	}
	for _, t := range s.w.spouts {
		if t.ledger.Pending() > 0 {
			return false
		}
	}
	return s.over()
}

func (s *Stepper) unfinished() string {
	for _, t := range s.w.spouts {
		if !t.ended {
			return fmt.Sprintf("%s has not ended, %d trees are pending", t.name(), t.ledger.Pending())
		}
	}
	return fmt.Sprintf("%d trees are pending", s.w.pending())
}

// Stop deactivates and closes the components. What is pending fails.
func (s *Stepper) Stop() error {
	for _, t := range s.w.spouts {
		t.setActive(false)
	}
	for _, t := range s.w.bolts {
		t.stop()
	}
	for _, t := range s.w.spouts {
		t.stop()
	}
	s.end()
	s.w.setState("ended")
	return s.w.shared.close()
}
