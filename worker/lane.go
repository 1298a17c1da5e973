package worker

import (
	"sync"
	"sync/atomic"

	"github.com/galestream/gale/acker"
)

// lane brings a spout task word of its trees: the control path, which data never delays.
// Putting a word there never blocks. It is bounded by the ledger: each use of a slot sends at
// most one word that the tree is complete and one that it failed.
type lane struct {
	mu struct {
		sync.Mutex
		words
	}
	waiting atomic.Bool   // whether there may be words or mail; spares the owner the lock
	parked  atomic.Bool   // whether the owner sleeps, or is about to
	wake    chan struct{} // ends that sleep; holds one call
	called  atomic.Bool   // Context.Wake was called; a call in wake may be used up where the owner waits for room
}

// words are what a spout is told of its trees.
type words struct {
	complete []acker.RootID
	failed   []failure
	all      bool // all trees that are open fail: another worker has died
	suspect  bool // the same, but soon: a third worker says so, and others may be about to say it, too
}

type failure struct {
	root  acker.RootID
	cause error
}

func newLane() *lane { return &lane{wake: make(chan struct{}, 1)} }

// put adds words. Their slices are copied.
func (l *lane) put(w *words) {
	l.mu.Lock()
	l.mu.complete = append(l.mu.complete, w.complete...)
	l.mu.failed = append(l.mu.failed, w.failed...)
	l.mu.Unlock()
	l.waiting.Store(true)
	if l.parked.Load() {
		l.ring()
	}
}

// announce says that there is mail.
func (l *lane) announce() {
	l.waiting.Store(true)
	if l.parked.Load() {
		l.ring()
	}
}

// lose says that any tree may have lost tuples with another worker. When only a third worker has seen the death, that is acted on at the next sweep.
func (l *lane) lose(seen bool) {
	l.mu.Lock()
	l.mu.all, l.mu.suspect = l.mu.all || seen, l.mu.suspect || !seen
	l.mu.Unlock()
	l.waiting.Store(true)
	l.ring()
}

// ring wakes the owner, now or from its next sleep.
func (l *lane) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take exchanges the words there are for the emptied w. Owner.
func (l *lane) take(w *words) {
	*w = words{complete: w.complete[:0], failed: w.failed[:0]}
	l.waiting.Store(false)
	l.mu.Lock()
	l.mu.words, *w = *w, l.mu.words
	l.mu.Unlock()
}
