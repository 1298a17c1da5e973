package jetstream

import (
	"fmt"
	"sync"
	"time"

	"github.com/galestream/gale/topology"
)

// sourceWatch tells the task what a reader leaves out, and what is wrong meanwhile. Its methods may be called from any goroutine.
type sourceWatch struct {
	stream string
	mu     struct {
		sync.Mutex
		tc              *topology.Context // nil until the reader is observed
		removed, failed *topology.Counter
		unseen          []error // what was left out while nobody observed, the first maxUnseen of it
		before          int64   // how many messages that were
		last            string
		lastAt          time.Time
	}
}

// sameAgain is how long a report is not repeated.
const sameAgain = 10 * time.Second

// maxUnseen is how much of what nobody has seen yet is kept to be reported; all of it is counted.
const maxUnseen = 16

func (w *sourceWatch) observe(tc *topology.Context) {
	removed, failed := tc.Counter("messages.removed"), tc.Counter("messages.undecodable")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.tc, w.mu.removed, w.mu.failed = tc, removed, failed
	removed.Add(w.mu.before) // only these are found out before Read
	for _, err := range w.mu.unseen {
		tc.Report(err)
	}
	w.mu.unseen, w.mu.before = nil, 0
}

// unseenError is an error when something was left out and nobody observes.
func (w *sourceWatch) unseenError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.mu.unseen) == 0 {
		return nil
	}
	return w.mu.unseen[0]
}

// lost says that messages were removed before they were read.
func (w *sourceWatch) lost(from, through uint64) {
	w.leaveOut(int64(through-from+1), func() *topology.Counter { return w.mu.removed },
		fmt.Errorf("stream %q: the messages %d to %d were removed before they were read", w.stream, from, through))
}

func (w *sourceWatch) undecodable(err error) {
	w.leaveOut(1, func() *topology.Counter { return w.mu.failed }, err)
}

func (w *sourceWatch) leaveOut(n int64, counter func() *topology.Counter, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.tc == nil {
		if w.mu.before += n; len(w.mu.unseen) < maxUnseen {
			w.mu.unseen = append(w.mu.unseen, err)
		}
		return
	}
	counter().Add(n)
	w.reportLocked(err)
}

// trouble reports what may pass.
func (w *sourceWatch) trouble(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.tc != nil {
		w.reportLocked(fmt.Errorf("stream %q: %w", w.stream, err))
	}
}

func (w *sourceWatch) reportLocked(err error) {
	now := time.Now()
	if text := err.Error(); text != w.mu.last || now.Sub(w.mu.lastAt) > sameAgain {
		w.mu.last, w.mu.lastAt = text, now
		w.mu.tc.Report(err)
	}
}
