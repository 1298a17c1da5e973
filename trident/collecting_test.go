package trident_test

import (
	"context"
	"sync"

	"github.com/galestream/gale/trident"
)

// collecting is a sink that keeps what it is given, and remembers the txid with it.
type collecting[T any] struct {
	mu   sync.Mutex
	got  []T
	last map[int]uint64
}

func (c *collecting[T]) records() []T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]T(nil), c.got...)
}

func (c *collecting[T]) Kind() trident.Kind { return trident.Opaque }

func (c *collecting[T]) Open(_ context.Context, id trident.SinkID) (trident.Writer[T], error) {
	return &collectingWriter[T]{c, id.Partition}, nil
}

type collectingWriter[T any] struct {
	c         *collecting[T]
	partition int
}

func (w *collectingWriter[T]) Applied(context.Context) (uint64, error) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	return w.c.last[w.partition], nil
}

func (w *collectingWriter[T]) Apply(_ context.Context, txid uint64, records []T) error {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	if w.c.last == nil {
		w.c.last = map[int]uint64{}
	}
	w.c.last[w.partition] = txid
	w.c.got = append(w.c.got, records...)
	return nil
}

func (w *collectingWriter[T]) Close() error { return nil }
