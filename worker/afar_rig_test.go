package worker_test

import (
	"context"
	"sync"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// fleet is several workers of one topology, whose slabs and records go through memory.
type fleet struct {
	t        *testing.T
	workers  []*worker.Worker
	managers []*worker.Manager
	wires    [][]*wire // [from][to]
	results  []<-chan error
	cancels  []context.CancelFunc
}

// wire is what goes from one worker to another, in order, each piece on the receiver's own goroutine.
type wire struct {
	f        *fleet
	from, to int
	queue    chan func()
	mu       sync.Mutex
	under    map[uint32]int
	starved  map[uint32]bool
	sent     int64
	handled  int64 // of what came the other way
}

func (y *wire) Send(dest uint32, slab []byte) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.under[dest] == worker.Credits {
		y.starved[dest] = true
		return false
	}
	y.under[dest]++
	y.sent++
	body := append([]byte(nil), slab...)
	y.queue <- func() { y.f.workers[y.to].Receive(y.from, y.back(), dest, body); y.back().took() }
	return true
}

func (y *wire) back() *wire { return y.f.wires[y.to][y.from] }

func (y *wire) took() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.handled++
}

func (y *wire) Backlog() int { return len(y.queue) }

func (y *wire) Credits(dest uint32) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return worker.Credits - y.under[dest]
}

func (y *wire) Control(record []byte) {
	y.mu.Lock()
	y.sent++
	y.mu.Unlock()
	body := append([]byte(nil), record...)
	y.queue <- func() { y.f.workers[y.to].Control(y.from, body); y.back().took() }
}

// Grant gives the other end its credit back.
func (y *wire) Grant(dest uint32) {
	other := y.back()
	other.mu.Lock()
	other.under[dest]--
	starved := other.starved[dest]
	other.starved[dest] = false
	other.mu.Unlock()
	if starved {
		y.f.workers[y.to].Credit(y.from, dest)
	}
}

func (y *wire) Traffic() (sent, handled int64) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.sent, y.handled
}

// newFleet makes n workers and deals the tasks out to them, one by one.
func newFleet(t *testing.T, n int, opt worker.Options, d declare) *fleet {
	t.Helper()
	b := topology.NewBuilder("test")
	d(b)
	topo, err := b.Build()
	require.NoError(t, err)
	slots := make([][]topology.TaskID, n)
	id := topology.TaskID(0)
	for _, c := range topo.Components {
		for range c.Parallelism {
			id++
			slots[int(id)%n] = append(slots[int(id)%n], id)
		}
	}
	f := &fleet{t: t}
	for i := range n {
		opt.Placement = &worker.Placement{Slots: slots, Own: i}
		w, err := worker.New(topo, opt)
		require.NoError(t, err)
		f.workers = append(f.workers, w)
		f.managers = append(f.managers, w.Manage())
	}
	f.connect()
	return f
}

func (f *fleet) connect() {
	n := len(f.workers)
	for from := range n {
		f.wires = append(f.wires, make([]*wire, n))
		for to := range n {
			y := &wire{f: f, from: from, to: to, queue: make(chan func(), 1<<16), under: map[uint32]int{}, starved: map[uint32]bool{}}
			f.wires[from][to] = y
			go func() {
				for deliver := range y.queue {
					deliver()
				}
			}()
			f.t.Cleanup(func() { close(y.queue) })
		}
	}
	for from := range n {
		for to := range n {
			if from != to {
				f.workers[from].Connect(to, f.wires[from][to])
			}
		}
	}
}

// run runs all workers until nothing is under way, has the components finish, and ends the workers.
func (f *fleet) run() {
	f.t.Helper()
	f.start()
	f.finish()
}

// start runs all workers, and has their spouts emit.
func (f *fleet) start() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), guard)
	defer cancel()
	for _, w := range f.workers {
		stop, result := background(f.t, w)
		f.cancels, f.results = append(f.cancels, stop), append(f.results, result)
	}
	for _, m := range f.managers {
		require.NoError(f.t, m.Activate(ctx, true))
	}
}

func (f *fleet) finish() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), guard)
	defer cancel()
	f.quiet()
	for _, c := range f.components() {
		for _, m := range f.managers {
			require.NoError(f.t, m.Finish(ctx, c))
		}
		f.quiet()
	}
	f.end()
}

func (f *fleet) components() (ids []string) {
	s := f.snapshot()
	for _, c := range s.Components() {
		ids = append(ids, c.Component)
	}
	return ids
}

// snapshot is that of all workers together.
func (f *fleet) snapshot() worker.Snapshot {
	var all worker.Snapshot
	for _, w := range f.workers {
		s := w.Snapshot()
		all.Tasks = append(all.Tasks, s.Tasks...)
		all.Errors = append(all.Errors, s.Errors...)
	}
	return all
}

func (f *fleet) end() {
	for i, stop := range f.cancels {
		stop()
		require.NoError(f.t, await(f.t, f.results[i], "a worker's end"))
	}
	for _, task := range f.snapshot().Tasks {
		require.Zero(f.t, task.Pending, "%s[%d] has trees that are not complete", task.Component, task.Index)
		require.Zero(f.t, task.Queued, "%s[%d] has tuples that were not taken", task.Component, task.Index)
	}
}

// quiet waits until nothing is under way anywhere.
func (f *fleet) quiet() {
	f.t.Helper()
	var before worker.Progress
	waitFor(f.t, func() bool {
		sum, quiet := f.progress()
		same := sum == before
		before = sum
		return quiet && same && sum.Sent == sum.Handled && (sum.Pending == 0 || sum.Holding)
	})
}

func (f *fleet) progress() (sum worker.Progress, quiet bool) {
	quiet = true
	for _, w := range f.workers {
		p := w.Progress()
		quiet = quiet && p.Quiet && p.Ended
		sum.Sent, sum.Handled, sum.Moved = sum.Sent+p.Sent, sum.Handled+p.Handled, sum.Moved+p.Moved
		sum.Pending, sum.Holding = sum.Pending+p.Pending, sum.Holding || p.Holding
	}
	return sum, quiet
}
