package worker

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/galestream/gale/topology"
)

// letterbox is where a task's mail waits. Putting mail there never blocks.
type letterbox struct {
	mu struct {
		sync.Mutex
		mails  []letter
		bytes  int
		closed bool
	}
	waiting atomic.Bool   // whether there may be mail; spares the owner the lock
	bell    chan struct{} // ends the sleep of a bolt; holds one call. A spout's is its lane's.
	sent    atomic.Int64  // mails ever put there
	taken   atomic.Int64  // of these, mails that were dealt with

	lost  atomic.Int64 // mails to the task, and of it to tasks of other workers, that were dropped
	told  atomic.Bool  // that some were dropped was reported
	under []letter     // being dealt with; the owner's
}

// letter is one mail.
type letter struct {
	from topology.TaskID
	text []byte
}

// What may wait for a task.
const (
	maxLetters     = 16384
	maxLetterBytes = 64 << 20
)

// put adds a mail, which the box keeps; it reports false when there is no room, or the task has ended.
func (b *letterbox) put(l letter) (ok, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mu.closed || len(b.mu.mails) >= maxLetters || b.mu.bytes+len(l.text) > maxLetterBytes {
		return false, b.mu.closed
	}
	b.mu.mails = append(b.mu.mails, l)
	b.mu.bytes += len(l.text)
	b.sent.Add(1)
	b.waiting.Store(true)
	return true, false
}

// take returns the mails there are, until its next call. Owner.
func (b *letterbox) take() []letter {
	clear(b.under)
	if cap(b.under) > keptLetters {
		b.under = nil
	}
	b.waiting.Store(false)
	b.mu.Lock()
	b.mu.mails, b.under = b.under[:0], b.mu.mails
	b.mu.bytes = 0
	b.mu.Unlock()
	return b.under
}

// keptLetters is the room that a box which was full once does not keep.
const keptLetters = 1024

// close drops what is there and what still comes: the task has ended.
func (b *letterbox) close() {
	b.mu.Lock()
	b.lost.Add(int64(len(b.mu.mails)))
	b.mu.mails, b.mu.bytes, b.mu.closed = nil, 0, true
	b.mu.Unlock()
	b.waiting.Store(false)
}

// empty reports whether no mail waits or is being dealt with.
func (b *letterbox) empty() bool { return b.sent.Load() == b.taken.Load() }

// post puts a mail in the task's box and wakes the task. The task keeps text.
func (t *task) post(from topology.TaskID, text []byte) {
	ok, closed := t.mail.put(letter{from, text})
	switch {
	case ok && t.spout != nil:
		t.spout.lane.announce()
	case ok:
		nudge(t.mail.bell)
	case closed:
		t.mail.lost.Add(1)
	default:
		t.loseMail(fmt.Errorf("%s gets more mail than it takes: %d mails or %d MiB wait, and what still comes is dropped (reported once)", t.name(), maxLetters, maxLetterBytes>>20))
	}
}

// loseMail counts a mail that was dropped, and reports the first.
func (t *task) loseMail(why error) {
	t.mail.lost.Add(1)
	if !t.mail.told.Swap(true) {
		t.report(why)
	}
}

func (t *task) errNoReceiver() error {
	return fmt.Errorf("%s is sent mail, but %T has no Receive: it is dropped (reported once)", t.name(), t.code())
}

// receive gives the bolt its mail.
func (t *boltTask) receive() {
	if !t.mail.waiting.Load() {
		return
	}
	for _, l := range t.mail.take() {
		t.receiveOne(l)
		t.mail.taken.Add(1)
	}
}

func (t *boltTask) receiveOne(l letter) {
	if _, ok := t.instance.(topology.BoltReceiver); !ok {
		t.loseMail(t.errNoReceiver())
		return
	}
	ctx := t.w.hard
	_ = t.guarded(ctx, "receive", func() error { // which is reported
		return t.instance.(topology.BoltReceiver).Receive(ctx, l.from, l.text, t.out)
	})
}

// receive gives the spout its mail.
func (t *spoutTask) receive() {
	if t.mail.waiting.Load() {
		t.each(len(t.mail.take()), t.receiveOne)
	}
}

func (t *spoutTask) receiveOne(i int) {
	defer t.mail.taken.Add(1)
	l := t.mail.under[i]
	if r, ok := t.instance.(topology.SpoutReceiver); ok {
		r.Receive(l.from, l.text)
		return
	}
	t.loseMail(t.errNoReceiver())
}
