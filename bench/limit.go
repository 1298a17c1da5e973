package main

import (
	"context"
	"sync"
	"sync/atomic"
)

// The bare loops are goroutines, channels of batches and an atomic ledger, and nothing else: no
// components, no message ids, no streams, no figures, no errors, no timeouts. Their dimensions are
// the runtime's defaults.
const (
	batchSize   = 256
	linkBatches = 16
	maxPending  = 16384
)

// move is a tuple of a bare loop.
type move struct {
	slot uint32 // of its tree
	edge uint64
	text string
}

// batch is what a channel carries: tuples by value, room for batchSize.
type batch[T any] struct{ items []T }

func (b *batch[T]) full() bool { return len(b.items) == batchSize }

// link carries batches one way and brings the empty ones back. Each channel has room for all the batches
// there are, so only taking one may wait.
type link[T any] struct{ full, empty chan *batch[T] }

func newLink[T any]() link[T] {
	l := link[T]{make(chan *batch[T], linkBatches), make(chan *batch[T], linkBatches)}
	for range linkBatches {
		l.empty <- &batch[T]{make([]T, 0, batchSize)}
	}
	return l
}

// giveBack returns a batch to who fills it.
func (l link[T]) giveBack(b *batch[T]) {
	b.items = b.items[:0]
	l.empty <- b
}

// edges are random and never 0: xorshift64 (Marsaglia, "Xorshift RNGs", 2003), from a state that is not 0.
type edges uint64

func (e *edges) next() uint64 {
	x := uint64(*e)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*e = edges(x)
	return x
}

// bare is what the bare loops have alike: the source of texts and the ledger.
type bare struct {
	acked   bool
	texts   []string // emitted over and over
	ledger  []atomic.Uint64
	free    []uint32 // slots
	counted atomic.Int64
}

func (b *bare) init(acked bool, texts []string) {
	b.acked, b.texts = acked, texts
	b.ledger = make([]atomic.Uint64, maxPending)
	for slot := range b.ledger {
		b.free = append(b.free, uint32(slot))
	}
}

func (b *bare) done() int64          { return b.counted.Load() }
func (b *bare) latency() percentiles { return percentiles{} }
func (b *bare) note() string         { return "" }

// apply XORs x into the tree, and reports whether that completed it.
func (b *bare) apply(slot uint32, x uint64) bool {
	for s := &b.ledger[slot]; ; {
		old := s.Load()
		if s.CompareAndSwap(old, old^x) {
			return old == x
		}
	}
}

// loop runs the source until ctx is done, and the stages until they have seen all that it sent.
// settled is called with the number of trees of each batch of completions.
func (b *bare) loop(ctx context.Context, out link[move], back link[uint32], settled func(int), stages ...func()) {
	var running sync.WaitGroup
	for _, stage := range stages {
		running.Go(stage)
	}
	drained := make(chan struct{})
	go func() {
		running.Wait()
		close(back.full)
		close(drained)
	}()
	b.source(ctx, out, back, settled)
	for done := range back.full {
		back.giveBack(done)
	}
	<-drained
}

// source sends texts in batches. It hears of completions whenever it would wait, so that nobody who
// has some to tell waits for it.
func (b *bare) source(ctx context.Context, out link[move], back link[uint32], settled func(int)) {
	defer close(out.full)
	random, next := edges(1), 0
	for ctx.Err() == nil {
		room := out.empty
		if b.acked && len(b.free) == 0 {
			room = nil
		}
		select {
		case o := <-room:
			next = b.fill(o, next, &random)
			out.full <- o
		case done := <-back.full:
			b.free = append(b.free, done.items...)
			settled(len(done.items))
			back.giveBack(done)
		}
	}
}

// fill fills a batch with the texts from next on, as far as there are slots for their trees.
func (b *bare) fill(o *batch[move], next int, random *edges) int {
	n := batchSize
	if b.acked {
		n = min(n, len(b.free))
	}
	for range n {
		m := move{text: b.texts[next]}
		if next++; next == len(b.texts) {
			next = 0
		}
		if b.acked {
			m.slot, b.free = b.free[len(b.free)-1], b.free[:len(b.free)-1]
			m.edge = random.next()
			b.ledger[m.slot].Store(m.edge)
		}
		o.items = append(o.items, m)
	}
	return next
}

// settle acks tuples, those of a tree in a row together, and tells the source what that completed.
func (b *bare) settle(items []move, back link[uint32]) {
	done := <-back.empty
	for i := 0; i < len(items); {
		slot, x := items[i].slot, uint64(0)
		for ; i < len(items) && items[i].slot == slot; i++ {
			x ^= items[i].edge
		}
		if b.apply(slot, x) {
			done.items = append(done.items, slot)
		}
	}
	tell(done, back)
}

// tell sends completions, if there are any.
func tell(done *batch[uint32], back link[uint32]) {
	if len(done.items) == 0 {
		back.empty <- done
	} else {
		back.full <- done
	}
}
