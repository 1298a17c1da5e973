package acker

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConcurrentAcks has bolts ack, fail and touch the trees of one ledger with few
// slots, from several goroutines and often too late, while its owner reuses the slots.
func TestConcurrentAcks(t *testing.T) {
	trees := 400_000
	if testing.Short() {
		trees = 40_000
	}
	seed := testSeed(t)
	for _, c := range []struct {
		name  string
		slots int
		mode  Mode
		age   uint32
	}{
		{"one slot since emit", 1, SinceEmit, 8},
		{"one slot since progress", 1, SinceProgress, 8},
		{"four slots since emit", 4, SinceEmit, 64},
		{"four slots since progress", 4, SinceProgress, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRace(New(3, c.slots, c.mode, seed), trees/4, c.age)
			r.run(seed)
			r.check(t)
		})
	}
}

// race is an owner with its bolts.
type race struct {
	ledger  *Ledger
	age     uint32
	clock   atomic.Uint32 // in ticks; the owner's sweeps move it
	trees   []racer
	tuples  chan racing
	mu      sync.Mutex
	words   []int // trees of which the owner is to be told
	early   int   // expired before their time
	strange int   // handed back what was not open
}

// racer is one tree. Its atomics are counted up by bolts, the rest is the owner's.
type racer struct {
	root                              RootID
	opened                            uint32
	settled, expired                  int
	outstanding                       atomic.Int64 // counted down before the ack is applied
	edges, applied, completed, failed atomic.Int64
	premature                         atomic.Int64 // completions with an edge outstanding
}

// racing is a tuple of a tree.
type racing struct {
	tree int
	edge uint64
}

const racers = 4

func newRace(l *Ledger, trees int, age uint32) *race {
	return &race{ledger: l, age: age, trees: make([]racer, trees), tuples: make(chan racing, 16)}
}

func (r *race) run(seed uint64) {
	var bolts sync.WaitGroup
	for i := range racers {
		b := &racingBolt{race: r, random: rand.New(rand.NewPCG(seed, uint64(i)))}
		bolts.Go(b.run)
	}
	random := rand.New(rand.NewPCG(seed, racers))
	for i := range r.trees {
		for r.hear(); r.ledger.Full(); r.hear() {
			r.sweep()
		}
		r.emit(i, random)
	}
	close(r.tuples)
	bolts.Wait()
	r.hear()
	r.expire(r.ledger.Drain(nil))
}

// emit opens tree i and sends one to three tuples.
func (r *race) emit(i int, random *rand.Rand) {
	tree, tick := &r.trees[i], r.clock.Load()
	tree.opened = tick
	tree.root = r.ledger.Open(i, int64(tick), tick)
	var edges [3]uint64
	var xor uint64
	n := 1 + random.IntN(len(edges))
	for j := range edges[:n] {
		edges[j] = nonZeroEdge(random)
		xor ^= edges[j]
	}
	tree.outstanding.Store(int64(n))
	tree.edges.Store(int64(n))
	r.ledger.Arm(tree.root, xor)
	for _, edge := range edges[:n] {
		r.tuples <- racing{i, edge}
	}
}

// hear settles what bolts have told.
func (r *race) hear() {
	r.mu.Lock()
	words := r.words
	r.words = nil
	r.mu.Unlock()
	for _, i := range words {
		if s, ok := r.ledger.Settle(r.trees[i].root); ok {
			r.settle(i, s)
		}
	}
}

func (r *race) settle(i int, s Settled) {
	if r.trees[i].settled++; s.ID != any(i) || s.Opened != int64(r.trees[i].opened) {
		r.strange++
	}
}

// sweep lets a tick pass, and others run.
func (r *race) sweep() {
	now := r.clock.Add(1)
	ended := r.ledger.Expire(now, r.age, nil)
	for _, s := range ended {
		if now-uint32(s.Opened) < r.age {
			r.early++
		}
	}
	r.expire(ended)
	runtime.Gosched()
}

func (r *race) expire(ended []Settled) {
	for _, s := range ended {
		i := s.ID.(int)
		r.settle(i, s)
		r.trees[i].expired++
	}
}

func (r *race) tell(i int) {
	r.mu.Lock()
	r.words = append(r.words, i)
	r.mu.Unlock()
}

// racingBolt executes tuples, breeds, and holds back some acks.
type racingBolt struct {
	*race
	random *rand.Rand
	held   []racing
}

func (b *racingBolt) run() {
	for in := range b.tuples {
		b.held = append(b.held, in)
		for len(b.held) > 0 && (len(b.held) > 8 || b.random.IntN(3) > 0) {
			var next racing
			next, b.held = take(b.held, b.random.IntN(len(b.held)))
			b.execute(next)
		}
	}
	for len(b.held) > 0 {
		var next racing
		next, b.held = take(b.held, 0)
		b.ack(next, 0)
	}
}

func (b *racingBolt) execute(in racing) {
	tree := &b.trees[in.tree]
	switch k := b.random.IntN(256); {
	case k == 0:
		b.fail(in)
	case k == 1: // lost
	case k < 16:
		b.ledger.Touch(tree.root, b.clock.Load())
		b.ack(in, 0)
	case k < 100:
		child := nonZeroEdge(b.random)
		tree.outstanding.Add(1)
		tree.edges.Add(1)
		b.held = append(b.held, racing{in.tree, child})
		b.ack(in, child)
	default:
		b.ack(in, 0)
	}
}

func (b *racingBolt) ack(in racing, born uint64) {
	tree := &b.trees[in.tree]
	tick := b.clock.Load()
	tree.outstanding.Add(-1)
	complete, ok := b.ledger.Apply(tree.root, in.edge^born, tick)
	if ok {
		tree.applied.Add(1)
	}
	if complete {
		tree.completed.Add(1)
		if tree.outstanding.Load() != 0 {
			tree.premature.Add(1)
		}
		b.tell(in.tree)
	}
}

// fail fails a tree twice, as two bolts might.
func (b *racingBolt) fail(in racing) {
	tree := &b.trees[in.tree]
	for range 2 {
		if b.ledger.Fail(tree.root) {
			tree.failed.Add(1)
			b.tell(in.tree)
		}
	}
}

// check asserts for each tree what holds whatever the interleaving was.
func (r *race) check(t *testing.T) {
	var completed, failed, expired, late int
	for i := range r.trees {
		tree := &r.trees[i]
		all := tree.applied.Load() == tree.edges.Load()
		require.Equal(t, 1, tree.settled, "settled: %v", tree.root)
		require.LessOrEqual(t, tree.failed.Load(), int64(1), "failed: %v", tree.root)
		require.Zero(t, tree.premature.Load(), "false completion: %v", tree.root)
		require.Equal(t, all, tree.completed.Load() == 1, "completed %d times: %v", tree.completed.Load(), tree.root)
		completed += int(tree.completed.Load())
		failed += int(tree.failed.Load())
		expired += tree.expired
		late += int(tree.edges.Load() - tree.applied.Load())
	}
	require.Zero(t, r.early, "trees that expired before their time")
	require.Zero(t, r.strange, "trees that were handed back with the id or time of another")
	require.Zero(t, r.ledger.Pending())
	t.Logf("%d trees: %d completed, %d failed, %d expired, %d acks late or lost", len(r.trees), completed, failed, expired, late)
	require.Positive(t, min(completed, failed, expired, late))
}
