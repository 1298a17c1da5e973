package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// entrance is where sentences enter a topology: a source whose positions are how many sentences were read. It stamps what is read,
// and can be closed.
type entrance struct {
	trident.Source[sentence]
	pauses bool        // once it is closed there is nothing to read; else the source ends then
	closed atomic.Bool // by close
	opened func() error

	mu    sync.Mutex
	read  map[string]int64 // sentences, by partition. mu guards it
	ready []func()         // of the readers that were opened. mu guards it
}

func newEntrance(s trident.Source[sentence]) *entrance {
	return &entrance{Source: s, opened: func() error { return nil }, read: map[string]int64{}}
}

// close has the source end, or pause, also when it has been read to its end and nobody reads any more. Any goroutine.
func (e *entrance) close() {
	e.closed.Store(true)
	e.mu.Lock()
	ready := slices.Clone(e.ready)
	e.mu.Unlock()
	for _, f := range ready {
		f()
	}
}

// noteReady keeps what has a reader be read again.
func (e *entrance) noteReady(f func()) {
	if f == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ready = append(e.ready, f)
}

// sentences returns how many were read.
func (e *entrance) sentences() (n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for count := range maps.Values(e.read) {
		n += count
	}
	return n
}

// words returns how often each word was read.
func (e *entrance) words() map[string]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := map[string]int64{}
	for _, n := range slices.Collect(maps.Values(e.read)) {
		addWords(counts, n)
	}
	return counts
}

func (e *entrance) Open(ctx context.Context, partition string, after []byte, ready func()) (trident.Reader[sentence], error) {
	if err := e.opened(); err != nil {
		return nil, err
	}
	r, err := e.Source.Open(ctx, partition, after, ready)
	if err != nil {
		return nil, err
	}
	e.noteReady(ready)
	return &entering{r, e, partition}, e.passed(partition, after)
}

// passed notes up to where a partition was read.
func (e *entrance) passed(partition string, position []byte) error {
	n, err := numberOf(position)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.read[partition] = n
	return err
}

// entering reads a partition.
type entering struct {
	trident.Reader[sentence]
	entrance  *entrance
	partition string
}

func (r *entering) Observe(tc *topology.Context) {
	if o, ok := r.Reader.(trident.Observed); ok {
		o.Observe(tc)
	}
}

func (r *entering) Read(records []sentence, most int) (more []sentence, position []byte, err error) {
	switch {
	case !r.entrance.closed.Load():
	case r.entrance.pauses:
		return records, nil, nil
	default:
		return records, nil, io.EOF
	}
	had := len(records)
	if more, position, err = r.Reader.Read(records, most); len(more) > had {
		more[had].Read = time.Now().UnixNano()
	}
	if position != nil && err == nil {
		err = r.entrance.passed(r.partition, position)
	}
	return more, position, err
}
