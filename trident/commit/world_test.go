package commit

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"
)

// world is a topology's processes, network and log in one goroutine and in simulated time. The same seed gives the same
// run. The first thing that is wrong ends it.
type world struct {
	shape
	broken  breakage
	random  *rand.Rand
	now     time.Duration
	skew    int64 // of the wall clock, in milliseconds
	queue   queue
	made    int // events, to keep those of one moment in order
	faulty  bool
	log     *modelLog
	current *host // the coordinator that is meant to be; the others are zombies
	hosts   []*host
	tally   tally
	problem error
}

// shape is what differs from one schedule to the next.
type shape struct {
	seed       uint64
	opt        Options
	partsEach  int           // partitions of the source that a source task reads
	partitions int           // of the state
	records    int           // of each partition of the source
	bite       int           // most records of a partition in a batch
	wakes      int           // milliseconds from which each state partition wants a batch, at most
	faults     time.Duration // between two, in the mean
	calm       time.Duration // when faults cease
}

// tally counts what has come to be tested.
type tally struct {
	commits, merged, refused, unknown, landed, fences, deposed, crashes, zombies, recoveries, stale int
}

func (a *tally) add(b tally) {
	a.commits += b.commits
	a.merged += b.merged
	a.refused += b.refused
	a.unknown += b.unknown
	a.landed += b.landed
	a.fences += b.fences
	a.deposed += b.deposed
	a.crashes += b.crashes
	a.zombies += b.zombies
	a.recoveries += b.recoveries
	a.stale += b.stale
}

const keysEach = 3 // keys of each partition of the source

func newWorld(seed uint64, b breakage) *world {
	w := &world{broken: b, random: rand.New(rand.NewPCG(seed, 0)), faulty: true}
	w.shape = shape{
		seed: seed, partsEach: 1 + w.below(2), partitions: 1 + w.below(3), records: 5 + w.below(40), bite: 1 + w.below(8),
		wakes:  []int{300, 3000}[w.below(2)],
		faults: time.Duration(10+w.below(150)) * time.Millisecond, calm: time.Duration(300+w.below(1200)) * time.Millisecond,
		opt: Options{Sources: 1 + w.below(3), Depth: 1 + w.below(4), ReportTimeout: 200 * time.Millisecond, Confirm: w.below(2) == 0, Meta: []byte("m"),
			Check: time.Duration(50+w.below(500)) * time.Millisecond, Pause: time.Duration(50+w.below(500)) * time.Millisecond},
	}
	w.log = newModelLog(w)
	w.current = newHost(w, newTasks(w))
	w.current.step(Start{})
	w.after(w.faults, w.strike)
	w.after(w.calm, w.bury)
	return w
}

func (w *world) below(n int) int { return w.random.IntN(n) }

// chance reports true once in n times, and never once faults have ceased.
func (w *world) chance(n int) bool { return w.below(n) == 0 && w.faulty }

func (w *world) wall() int64 { return 1_000_000 + w.skew + w.now.Milliseconds() }

func (w *world) wrong(format string, args ...any) {
	if w.problem == nil {
		w.problem = fmt.Errorf("at %v: "+format, append([]any{w.now}, args...)...)
	}
}

// delay is how long a message, a call or a piece of work takes.
func (w *world) delay() time.Duration {
	most := time.Millisecond
	switch {
	case w.chance(100):
		most = 500 * time.Millisecond
	case w.chance(10):
		most = 30 * time.Millisecond
	}
	return 10*time.Microsecond + time.Duration(w.random.Int64N(int64(most)))
}

func (w *world) after(d time.Duration, do func()) {
	w.made++
	heap.Push(&w.queue, occasion{at: w.now + d, order: w.made, do: do})
}

// later does something after a delay.
func (w *world) later(do func()) { w.after(w.delay(), do) }

// packet is a message of a tuple tree: it may be lost, then the tree times out. It never comes twice.
func (w *world) packet(do func()) {
	if !w.chance(150) {
		w.later(do)
	}
}

// mail is a message outside a tree: it may be lost and may come twice.
func (w *world) mail(do func()) {
	if w.chance(60) {
		return
	}
	if w.later(do); w.chance(30) {
		w.later(do)
	}
}

// run goes on until the given time, or until done says so.
func (w *world) run(until time.Duration, done func() bool) bool {
	for w.problem == nil && len(w.queue) > 0 && w.queue[0].at <= until {
		o := heap.Pop(&w.queue).(occasion)
		w.now = o.at
		if w.faulty = w.now < w.calm; !w.faulty {
			w.skew = max(w.skew, 0)
		}
		if o.do(); done() {
			return true
		}
	}
	return false
}

type occasion struct {
	at    time.Duration
	order int
	do    func()
}

type queue []occasion

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(occasion)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	o := (*q)[last]
	(*q)[last].do = nil
	*q = (*q)[:last]
	return o
}
