package worker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// spoutTask runs one instance of a spout, and has the ledger of its trees.
type spoutTask struct {
	task
	instance  topology.Spout
	hears     topology.Acknowledger // the instance, when it wants to hear of its trees
	out       *topology.SpoutCollector
	ledger    *acker.Ledger
	lane      *lane
	told      words           // being worked on
	expired   []acker.Settled // being worked on
	sweepAt   int64           // when to look for expired trees
	suspect   bool            // all trees that are open are to fail then
	pace      int             // calls of Next in a chunk
	ended     bool            // Next has returned ErrEnd, and nothing has failed since
	emits     int64           // emits so far
	backoff   time.Duration
	restUntil int64       // when it is polled again, for tasks that are stepped
	refusal   error       // the first emit of the current Next that could not be done
	stumbled  bool        // Next has returned an error in this chunk
	lastEmits int64       // emits at the last panic
	inNext    bool        // Next is on the stack
	panicked  any         // what Ack or Fail panicked with while it was
	settling  bool        // Ack or Fail of the spout runs
	over      atomic.Bool // asleep, and it will emit no more unless a tree fails
	exhausted atomic.Bool // the same, because its source has ended

	lateFromAfar atomic.Int64 // acks from other workers of trees that had ended before
}

func newSpoutTask(w *Worker, id topology.TaskID, index int, c *topology.Component) *spoutTask {
	t := &spoutTask{pace: 1, lane: newLane()}
	t.task.spout = t
	t.init(w, id, index, c)
	pending := w.opt.MaxSpoutPending
	if c.MaxPending > 0 {
		pending = c.MaxPending
	}
	mode := acker.SinceEmit
	if w.opt.TimeoutMode == topology.SinceProgress {
		mode = acker.SinceProgress
	}
	t.ledger = acker.New(uint32(id), pending, mode, t.random.next())
	return t
}

// open makes the instance and opens it. It is called again after a panic; what was pending
// then comes back to the new instance.
func (t *spoutTask) open(ctx context.Context) error {
	t.instance = t.comp.NewSpout()
	t.hears, _ = t.instance.(topology.Acknowledger)
	t.out = topology.NewSpoutCollector(spoutPort{t}, t.comp.Streams)
	t.ended, t.refusal, t.settling = false, nil, false
	if o, ok := t.instance.(topology.Opener); ok {
		if err := o.Open(ctx, t.tc); err != nil {
			return fmt.Errorf("%s: open: %w", t.name(), err)
		}
	}
	return nil
}

// Pauses of an idle spout.
const (
	minBackoff = 100 * time.Microsecond
	maxBackoff = 100 * time.Millisecond
)

// loop is the life of the task between start and stop.
func (t *spoutTask) loop(ctx context.Context) {
	t.clock()
	t.sweepAt = t.now + int64(t.w.tickLen)
	for !t.done && ctx.Err() == nil {
		if t.step(ctx) {
			t.backoff = 0
			select {
			case f := <-t.ctl:
				f()
			default:
			}
			continue
		}
		t.rest(ctx)
	}
}

// step does a chunk of work; it reports false when there was nothing to do.
func (t *spoutTask) step(ctx context.Context) bool {
	told := t.hear()
	emits := t.emits
	if t.mayEmit() {
		start := t.now
		t.busy.Store(start)
		t.next(ctx)
		took := t.clock() - start
		t.busy.Store(0)
		t.pace = nextPace(t.pace, took)
		t.figures.execute.record(took, 1)
	}
	swept := t.sweep()
	t.feed()
	t.publish()
	emitted := t.emits != emits && !t.stumbled // after an error there is a pause
	t.stumbled = false
	return told || swept || emitted
}

func (t *spoutTask) mayEmit() bool { return t.active && !t.ended && !t.ledger.Full() }

// next calls Next as often as the pace says, or until it emits nothing.
func (t *spoutTask) next(ctx context.Context) {
	instance := t.instance
	t.inNext = true
	defer func() {
		t.inNext = false
		if p := recover(); p != nil {
			t.recovered(ctx, p)
		}
	}()
	start := t.now
	fails := t.figures.failed + t.figures.timedOut
	for n := 1; n <= t.pace; n++ {
		before := t.emits
		if err := instance.Next(ctx, t.out); err != nil {
			t.nextFailed(err)
			// What was told from inside an EmitID may be news to a Next that was about to end.
			t.ended = t.ended && (t.hears == nil || fails == t.figures.failed+t.figures.timedOut)
			return
		}
		if t.refusal != nil {
			t.nextFailed(nil)
		}
		if t.emits == before || t.ledger.Full() || t.lane.waiting.Load() {
			return
		}
		if (n&(n-1) == 0 || n%maxBlind == 0) && t.clock()-start > 2*int64(chunkTime) { // see executeChunk
			return
		}
	}
}

func (t *spoutTask) nextFailed(err error) {
	if errors.Is(err, topology.ErrEnd) {
		t.ended, err = true, nil
	}
	if topology.IsFatal(err) {
		t.w.fail(fmt.Errorf("%s: next: %w", t.name(), err))
	}
	err = errors.Join(err, t.refusal)
	t.refusal = nil
	if err != nil {
		t.stumbled = true
		t.figures.errors++
		t.report(fmt.Errorf("next: %w", err))
	}
}

// rest sends what waits, and sleeps until there may be something to do.
func (t *spoutTask) rest(ctx context.Context) {
	t.flush()
	t.publish()
	t.backoff = min(max(2*t.backoff, minBackoff), maxBackoff)
	slept := t.clock()
	t.lane.parked.Store(true)
	called := t.lane.called.Swap(false)
	if called {
		t.backoff = 0
	}
	if called || t.lane.waiting.Load() { // a word that was put before the owner was seen to sleep
		t.lane.parked.Store(false)
		return
	}
	alarm := t.alarm(t.deadline())
	t.setIdle()
	t.figures.waits(since(slept), 0)
	select {
	case <-t.lane.wake:
		t.lane.called.Store(false)
		t.backoff = 0
		t.awake(slept)
	case f := <-t.ctl:
		t.awake(slept)
		f()
	case <-alarm:
		t.awake(slept)
	case <-ctx.Done():
	}
}

// setIdle says that the task has nothing to do, and lets a drain see that.
func (t *spoutTask) setIdle() {
	t.over.Store(t.ended || !t.active)
	t.exhausted.Store(t.ended)
	t.idle.Store(true)
	nudge(t.w.nudges)
	nudge(t.w.rests)
}

func (t *spoutTask) awake(slept int64) {
	t.lane.parked.Store(false)
	t.wake(slept)
}

// deadline is when the task must wake though nothing calls it; 0 for never.
func (t *spoutTask) deadline() int64 {
	d := int64(0)
	if t.mayEmit() {
		d = t.now + int64(t.backoff)
	}
	if t.ledger.Pending() > 0 && (d == 0 || t.sweepAt < d) {
		d = max(t.sweepAt, t.now+1)
	}
	return d
}

// stop ends the instance. What is pending fails.
func (t *spoutTask) stop() {
	t.done = true
	t.hear()
	t.failAll(errStopped)
	t.setActive(false)
	t.questions.close()
	t.lifecycleCall("close", func() error {
		if c, ok := t.instance.(topology.Closer); ok {
			return c.Close()
		}
		return nil
	})
	t.mail.close()
	t.publish()
}

var errStopped = errors.New("the topology was stopped before the tuple tree was complete")
