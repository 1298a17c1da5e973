package worker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// pool is what tasks share.
type pool struct {
	opened, closed *atomic.Int64
	inUse          atomic.Int64
	err            error
}

func (p *pool) Close() error {
	p.closed.Add(1)
	if p.inUse.Load() != 0 {
		return errors.New("closed while in use")
	}
	return p.err
}

// sharing is a bolt that uses the pool from Prepare to Cleanup.
type sharing struct {
	open func() (*pool, error)
	pool *pool
}

func (s *sharing) Prepare(_ context.Context, tc *topology.Context) (err error) {
	s.pool, err = topology.Shared(tc, "pool", s.open)
	if err != nil { // the next one to ask opens it
		s.pool, err = topology.Shared(tc, "pool", s.open)
	}
	if err == nil {
		s.pool.inUse.Add(1)
	}
	return err
}

func (s *sharing) Cleanup() error {
	s.pool.inUse.Add(-1)
	return nil
}

func (s *sharing) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

// TestShared opens a resource once for all tasks, after a first attempt that failed, and closes it when the
// last of them has ended.
func TestShared(t *testing.T) {
	var attempts, opened, closed atomic.Int64
	open := func() (*pool, error) {
		if attempts.Add(1) == 1 {
			return nil, errors.New("not yet")
		}
		opened.Add(1)
		return &pool{opened: &opened, closed: &closed}, nil
	}
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(10).factory).Emits("n")
		b.Bolt("a", func() topology.Bolt { return &sharing{open: open} }).Parallelism(4).Shuffle("src")
		b.Bolt("b", func() topology.Bolt { return &sharing{open: open} }).Parallelism(4).Shuffle("src")
	})
	require.EqualValues(t, []int64{2, 1, 1}, []int64{attempts.Load(), opened.Load(), closed.Load()})
}

// TestSharedCloseFails is what Run returns.
func TestSharedCloseFails(t *testing.T) {
	var opened, closed atomic.Int64
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(10).factory).Emits("n")
		b.Bolt("a", func() topology.Bolt {
			return &sharing{open: func() (*pool, error) { return &pool{opened: &opened, closed: &closed, err: errRefused}, nil }}
		}).Shuffle("src")
	})
	err := w.Run(t.Context())
	require.ErrorIs(t, err, errRefused)
	require.ErrorContains(t, err, `close of shared resource "pool"`)
}
