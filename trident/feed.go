package trident

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Feed is a source that a program feeds, in its own process: for tests, and for what can be computed anew. It is Transactional as long as the process lives:
// what was read stays in memory, [FeedKept] records of each partition, and is read again from a position. Make one with [NewFeed]. Its methods
// may be called from any goroutine.
type Feed[T any] struct {
	parts []*fed[T]
}

// FeedKept is how many records of a partition a [Feed] keeps that were read. Reading again from an older position is an error.
const FeedKept = 1 << 20

// ErrFeedClosed is returned by Send after Close.
var ErrFeedClosed = errors.New("the feed is closed")

// fed is one partition of a feed.
type fed[T any] struct {
	window int
	mu     struct {
		sync.Mutex
		records []T    // the first of them has the number first
		first   uint64 // from 0
		read    uint64 // the records before it were read. Invariant: first <= read <= first+len(records)
		closed  bool
		ready   func()        // of the reader that was opened last; nil before
		changed chan struct{} // closed, and made anew, when read or closed changes
	}
}

// NewFeed returns a feed with so many partitions, numbered from 0, of which each takes window records that were not read yet. Both are at least 1.
func NewFeed[T any](partitions, window int) *Feed[T] {
	if partitions < 1 || window < 1 {
		panic(fmt.Sprintf("a feed of %d partitions and a window of %d: both must be at least 1", partitions, window))
	}
	f := &Feed[T]{}
	for range partitions {
		p := &fed[T]{window: window}
		p.mu.changed = make(chan struct{})
		f.parts = append(f.parts, p)
	}
	return f
}

// Send adds records to a partition, in their order, and waits while its window is full. The error is that of the context, or [ErrFeedClosed]; then
// the first of the records may have been added, and sent says how many.
func (f *Feed[T]) Send(ctx context.Context, partition int, records ...T) (sent int, err error) {
	p := f.parts[partition]
	for sent < len(records) {
		n, changed, err := p.add(records[sent:])
		if err != nil {
			return sent, err
		}
		if sent += n; n > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return sent, context.Cause(ctx)
		}
	}
	return sent, nil
}

// Close ends the source after what was sent. It may be called again.
func (f *Feed[T]) Close() {
	for _, p := range f.parts {
		p.close()
	}
}

// Kind implements [Source].
func (f *Feed[T]) Kind() Kind { return Transactional }

// Partitions implements [Source].
func (f *Feed[T]) Partitions(context.Context) ([]string, error) {
	return partitionNames(len(f.parts)), nil
}

// Open implements [Source].
func (f *Feed[T]) Open(_ context.Context, partition string, after []byte, ready func()) (Reader[T], error) {
	n, err := partitionIndex(partition, len(f.parts))
	if err != nil {
		return nil, err
	}
	at, err := countOf(after)
	if err == nil {
		err = f.parts[n].open(at, ready)
	}
	if err != nil {
		return nil, fmt.Errorf("partition %s: %w", partition, err)
	}
	return &feedReader[T]{part: f.parts[n], at: at}, nil
}

// add takes as many of the records as there is room for, and returns what is closed when there may be more.
func (p *fed[T]) add(records []T) (n int, changed <-chan struct{}, err error) {
	p.mu.Lock()
	end := p.mu.first + uint64(len(p.mu.records))
	n = min(len(records), p.window-int(end-p.mu.read))
	closed, ready := p.mu.closed, p.mu.ready
	if !closed {
		p.mu.records = append(p.mu.records, records[:n]...)
	}
	changed = p.mu.changed
	p.mu.Unlock()
	if closed {
		return 0, nil, ErrFeedClosed
	}
	if n > 0 && ready != nil {
		ready()
	}
	return n, changed, nil
}

func (p *fed[T]) close() {
	p.mu.Lock()
	p.mu.closed = true
	p.tellLocked()
	ready := p.mu.ready
	p.mu.Unlock()
	if ready != nil {
		ready()
	}
}

func (p *fed[T]) tellLocked() {
	close(p.mu.changed)
	p.mu.changed = make(chan struct{})
}

// open goes back to a position: what is before it is committed, and forgotten.
func (p *fed[T]) open(at uint64, ready func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if end := p.mu.first + uint64(len(p.mu.records)); at < p.mu.first || at > end {
		return fmt.Errorf("the position is %d, and the feed has records %d to %d", at, p.mu.first, end)
	}
	p.forgetLocked(at)
	p.mu.ready = ready
	return nil
}

// forgetLocked drops the records before the number. append moves what is left when it needs room, and frees the rest.
func (p *fed[T]) forgetLocked(before uint64) {
	n := int(before - p.mu.first)
	clear(p.mu.records[:n])
	p.mu.records = p.mu.records[n:]
	p.mu.first = before
	p.mu.read = max(p.mu.read, before)
}

// take appends at most max records from the number on.
func (p *fed[T]) take(records []T, at uint64, max int) (more []T, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at < p.mu.first {
		return records, errors.New("another reader has gone on from a later position")
	}
	from := int(at - p.mu.first)
	n := min(max, len(p.mu.records)-from)
	records = append(records, p.mu.records[from:from+n]...)
	at += uint64(n)
	if at > p.mu.read {
		p.mu.read = at
		p.tellLocked()
	}
	if p.mu.closed && from+n == len(p.mu.records) {
		err = io.EOF
	}
	if excess := int(p.mu.read-p.mu.first) - FeedKept; excess > FeedKept/4 && at == p.mu.read {
		p.forgetLocked(p.mu.first + uint64(excess))
	}
	return records, err
}

type feedReader[T any] struct {
	part *fed[T]
	at   uint64
}

// Read implements [Reader].
func (r *feedReader[T]) Read(records []T, max int) ([]T, []byte, error) {
	had := len(records)
	records, err := r.part.take(records, r.at, max)
	if len(records) == had {
		return records, nil, err
	}
	r.at += uint64(len(records) - had)
	return records, countPosition(r.at), err
}

// Close implements [Reader]. What was sent stays.
func (r *feedReader[T]) Close() error { return nil }
