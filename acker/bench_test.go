package acker

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const benchSlots = 1024

// BenchmarkTree is the whole life of a tree of one edge in one goroutine.
func BenchmarkTree(b *testing.B) {
	l, id := New(1, benchSlots, SinceEmit, 0), new(int)
	b.ReportAllocs()
	for i := uint64(1); b.Loop(); i++ {
		live(l, id, i)
	}
}

func live(l *Ledger, id *int, edge uint64) bool {
	root := l.Open(id, 0, 0)
	l.Arm(root, edge)
	complete, _ := l.Apply(root, edge, 0)
	_, ok := l.Settle(root)
	return complete && ok
}

func BenchmarkApply(b *testing.B) {
	l := New(1, 1, SinceProgress, 0)
	root := l.Open(nil, 0, 0)
	l.Arm(root, 1)
	b.ReportAllocs()
	for b.Loop() {
		l.Apply(root, 2, 0)
	}
}

// BenchmarkApplyContended has two goroutines ack one tree; an operation is one ack of either.
func BenchmarkApplyContended(b *testing.B) {
	l := New(1, 1, SinceProgress, 0)
	root := l.Open(nil, 0, 0)
	l.Arm(root, 1)
	b.ReportAllocs()
	var wait sync.WaitGroup
	for _, x := range []uint64{2, 4} {
		wait.Go(func() {
			for range b.N / 2 {
				l.Apply(root, x, 0)
			}
		})
	}
	wait.Wait()
}

// BenchmarkExpire sweeps a full ledger in which nothing is due.
func BenchmarkExpire(b *testing.B) {
	l := New(1, benchSlots, SinceEmit, 0)
	for !l.Full() {
		l.Open(nil, 0, 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Expire(1, 10, nil)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	l, id := New(1, 4, SinceProgress, 0), new(int)
	ended := make([]Settled, 0, 4)
	for name, f := range map[string]func(){
		"complete": func() { live(l, id, 1) },
		"failed": func() {
			root := l.Open(id, 0, 0)
			l.Arm(root, 1)
			l.Touch(root, 0)
			l.Fail(root)
			l.Settle(root)
		},
		"expired": func() { l.Open(id, 0, 0); ended = l.Expire(9, 9, ended[:0]) },
		"drained": func() { l.Open(id, 0, 0); ended = l.Drain(ended[:0]) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, f), name)
	}
	require.Zero(t, l.Pending())
}
