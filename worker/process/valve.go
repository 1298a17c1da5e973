package process

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/galestream/gale/worker"
)

// valve is whether the spouts may emit. What is wanted is one thing, what they have heard another: one that is in a call which doesn't
// return hears nothing, and must keep nobody waiting who looks. So a goroutine of the valve's own tells them, and tries again.
type valve struct {
	tell    func(ctx context.Context, active bool) error // has all spouts hear it; for a while, when some don't
	changed chan struct{}                                // of one: there is something to tell
	opened  chan struct{}                                // closed when the spouts have heard something at all
	mu      struct {
		sync.Mutex
		wanted bool
		locked bool          // it stays closed
		heard  bool          // whether spouts may emit, by what they have heard so far
		told   chan struct{} // closed, and replaced, when they have heard something
		// abandon ends the attempt under way, which is to tell what is not wanted any more.
		abandon context.CancelFunc
	}
}

// tellTime is how long an attempt takes that not all spouts hear.
const tellTime = 500 * time.Millisecond

func newValve(tell func(context.Context, bool) error) *valve {
	v := &valve{tell: tell, changed: make(chan struct{}, 1), opened: make(chan struct{})}
	v.mu.told, v.mu.abandon = make(chan struct{}), func() {}
	return v
}

// set says whether spouts should emit. It doesn't wait for them, and does nothing when the valve is locked.
func (v *valve) set(active bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.wantLocked(active && !v.mu.locked)
}

// lock closes the valve for good.
func (v *valve) lock() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mu.locked = true
	v.wantLocked(false)
}

func (v *valve) wantLocked(active bool) {
	if v.mu.wanted == active {
		return
	}
	v.mu.wanted = active
	v.mu.abandon()
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

var errUnheard = errors.New("not all spouts have paused: one is in a call that does not return, or waits for room downstream; it will pause as soon as it can")

// awaitClosed waits until all spouts have heard that they should pause.
func (v *valve) awaitClosed(ctx context.Context) error {
	for {
		heard, told := v.look()
		if !heard {
			return nil
		}
		select {
		case <-told:
		case <-ctx.Done():
			return errUnheard
		}
	}
}

// look returns whether spouts may still emit, and what is closed when they have heard something else.
func (v *valve) look() (active bool, told <-chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.mu.heard, v.mu.told
}

// state returns whether spouts may emit, and whether they have paused, or will, for good.
func (v *valve) state() (active, locked bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.mu.heard, v.mu.locked
}

// run tells the spouts, until ctx is done or they have ended.
func (v *valve) run(ctx context.Context) {
	for {
		switch err := v.attempt(ctx); {
		case ctx.Err() != nil, errors.Is(err, worker.ErrEnded):
			return
		case err != nil:
			continue
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return
		}
	}
}

// attempt tells the spouts what is wanted, for tellTime at most.
func (v *valve) attempt(ctx context.Context) error {
	patience, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	wanted := v.begin(cancel)
	if err := v.tell(patience, wanted); err != nil {
		return err
	}
	v.hear(wanted)
	return nil
}

// begin returns what the spouts are to be told next. From here on some may emit if that is what they are told.
func (v *valve) begin(abandon context.CancelFunc) (active bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mu.heard, v.mu.abandon = v.mu.heard || v.mu.wanted, abandon
	return v.mu.wanted
}

// hear notes what all spouts have heard.
func (v *valve) hear(active bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mu.heard = active
	close(v.mu.told)
	v.mu.told = make(chan struct{})
	select {
	case <-v.opened:
	default:
		close(v.opened)
	}
}
