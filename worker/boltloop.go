package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

func newBoltTask(w *Worker, id topology.TaskID, index int, c *topology.Component) *boltTask {
	t := &boltTask{pace: 1, held: map[*topology.Slab]struct{}{}}
	t.task.bolt = t
	t.init(w, id, index, c)
	t.in = &inbox{slabs: make(chan *topology.Slab, w.opt.InboxBatches), keeps: c.ManualAck}
	if room := w.roomForAfar(c); room > 0 {
		t.in.afar = make(chan *topology.Slab, room)
	}
	if c.Retry != nil {
		t.retry = &retrier{t: t, policy: *c.Retry}
	}
	return t
}

// prepare makes the instance and prepares it. It is called again after a panic.
func (t *boltTask) prepare(ctx context.Context) error {
	t.instance = t.comp.NewBolt()
	t.out = topology.NewCollector(boltPort{t}, t.comp.Streams)
	t.handle = nil
	if len(t.comp.Middleware) > 0 {
		t.handle = t.instance.Execute
	}
	for i := len(t.comp.Middleware) - 1; i >= 0; i-- {
		t.handle = t.comp.Middleware[i](t.handle)
	}
	t.emitErr = nil
	if p, ok := t.instance.(topology.Preparer); ok {
		if err := p.Prepare(ctx, t.tc); err != nil {
			return fmt.Errorf("%s: prepare: %w", t.name(), err)
		}
	}
	return nil
}

// loop is the life of the task between start and stop.
func (t *boltTask) loop(ctx context.Context) {
	t.clock()
	t.armTick()
	for !t.done && ctx.Err() == nil {
		here, afar := t.intake()
		select {
		case s := <-here:
			t.handleSlab(ctx, s)
		case s := <-afar:
			t.handleSlab(ctx, s)
		case f := <-t.ctl:
			f()
		case <-t.mail.bell:
			t.receive()
		default:
			t.rest(ctx)
		}
	}
}

// intake is the inbox, or nil while a slab could not be handled to its end.
func (t *boltTask) intake() (here, afar chan *topology.Slab) {
	if t.slab != nil {
		return nil, nil
	}
	return t.in.slabs, t.in.afar
}

// rest sends what waits, and sleeps until there is something to do.
func (t *boltTask) rest(ctx context.Context) {
	t.flush()
	t.publish()
	alarm := t.alarm(t.deadline())
	if t.retry.next() == 0 {
		t.setIdle()
	}
	slept := t.w.driver.now()
	t.figures.waits(since(slept), 0)
	here, afar := t.intake()
	select {
	case s := <-here:
		t.wake(slept)
		t.handleSlab(ctx, s)
	case s := <-afar:
		t.wake(slept)
		t.handleSlab(ctx, s)
	case f := <-t.ctl:
		t.wake(slept)
		f()
	case <-t.mail.bell:
		t.wake(slept)
		t.receive()
	case <-alarm:
		t.wake(slept)
		t.wakeUp(ctx)
	case <-ctx.Done():
	}
}

// setIdle says that the task has nothing to do, and lets a drain see that.
func (t *boltTask) setIdle() {
	t.idle.Store(true)
	if t.w.ending.Load() {
		nudge(t.w.rests)
	}
	if t.finished && t.executed != t.figures.executed {
		nudge(t.w.nudges) // it must finish once more
	}
}

func (t *task) wake(slept int64) {
	t.idle.Store(false)
	t.figures.idle += t.clock() - slept
	t.figures.waits(0, 0)
}

// deadline is when the task must wake though nothing comes; 0 for never.
func (t *boltTask) deadline() int64 {
	d := t.nextTick
	if r := t.retry.next(); r != 0 && (d == 0 || r < d) {
		d = r
	}
	return d
}

func (t *boltTask) armTick() {
	if t.comp.Tick > 0 {
		t.nextTick = t.now + int64(t.comp.Tick)
	}
}

// betweenTuples gives the bolt its mail and its tick and tries again what is due, when it is time.
func (t *boltTask) betweenTuples() {
	ctx := t.w.hard
	t.receive()
	if t.nextTick != 0 && t.now >= t.nextTick {
		t.nextTick += int64(t.comp.Tick)
		if t.nextTick <= t.now { // too late for some
			t.nextTick = t.now + int64(t.comp.Tick)
		}
		if !t.finished || len(t.held) > 0 || t.executed != t.figures.executed { // what it had to say is said
			t.tickBolt(ctx)
		}
	}
	if next := t.retry.next(); next != 0 && next <= t.now {
		t.busy.Store(t.now)
		t.retry.run(ctx)
		t.busy.Store(0)
		t.clock()
		t.settleAcks()
		t.flushWords()
		t.publish()
	}
}

// wakeUp does what the alarm was set for.
func (t *boltTask) wakeUp(ctx context.Context) {
	t.betweenTuples()
	if t.slab != nil && !t.retry.full() {
		t.goOn(ctx)
	}
}

func (t *boltTask) tickBolt(ctx context.Context) {
	t.figures.ticks++
	_ = t.guarded(ctx, "tick", func() error { // which is reported
		if tk, ok := t.instance.(topology.Ticker); ok {
			return tk.Tick(ctx, t.w.driver.wall(), t.out)
		}
		return t.call(ctx, topology.NewTick())
	})
}

// guarded runs a call of the bolt's code that handles no tuple.
func (t *boltTask) guarded(ctx context.Context, what string, f func() error) (err error) {
	last := t.current
	t.current = nil
	t.busy.Store(t.now)
	defer t.busy.Store(0)
	defer func() {
		p := recover()
		t.current = last // the instance was given no tuple behind it: see failHeld
		if p != nil {
			t.recovered(ctx, nil, p)
			err = fmt.Errorf("%s: %s panicked: %v", t.name(), what, p)
		}
	}()
	err = f()
	if err == nil {
		err = t.emitErr
	}
	t.emitErr = nil
	if topology.IsFatal(err) {
		t.w.fail(fmt.Errorf("%s: %s: %w", t.name(), what, err))
	}
	if err != nil {
		t.figures.errors++
		t.report(fmt.Errorf("%s: %w", what, err))
	}
	t.clock()
	t.settleAcks()
	t.flushWords()
	t.publish()
	return err
}

// finish lets the bolt say what it held back, when it has executed anything since it last did or
// was never asked. An error says that it could not.
func (t *boltTask) finish(ctx context.Context) (err error) {
	if t.finished && t.executed == t.figures.executed {
		return nil
	}
	t.finished, t.executed = true, t.figures.executed
	if f, ok := t.instance.(topology.Finisher); ok {
		err = t.guarded(ctx, "finish", func() error { return f.Finish(ctx, t.out) })
	}
	t.flush()
	if err != nil {
		return fmt.Errorf("%s could not finish: %w", t.name(), err)
	}
	return nil
}

// stop ends the instance. Tuples that are held are failed.
func (t *boltTask) stop() {
	t.done = true
	t.failHeld(fmt.Errorf("%s was stopped while it held the tuple", t.name()))
	t.flushWords()
	t.setActive(false)
	t.questions.close()
	t.lifecycleCall("cleanup", func() error {
		if c, ok := t.instance.(topology.Cleaner); ok {
			return c.Cleanup()
		}
		return nil
	})
	t.mail.close()
	t.publish()
}

// failHeld fails the tuples that the instance was given and has not settled.
func (t *boltTask) failHeld(cause error) {
	for s := range t.held {
		for i := range s.Len() {
			tuple := s.Tuple(i)
			if tuple.Delivery().State == topology.Unsettled {
				t.settle(tuple, topology.Failed, cause)
			}
			if tuple == t.current {
				break // the instance has not been given those behind it
			}
		}
	}
	if t.retry == nil {
		return
	}
	for _, d := range t.retry.due {
		if t.done {
			t.failed(d.tuple, cause)
		}
	}
}

// alarm returns a channel on which something comes when the deadline is reached; nil, on which nothing
// ever does, for a deadline of 0. It is valid until the next call.
func (t *task) alarm(deadline int64) <-chan time.Time {
	if deadline == 0 {
		return nil
	}
	wait := time.Duration(deadline - t.now)
	if t.timer == nil {
		t.timer = time.NewTimer(wait)
	} else {
		t.timer.Reset(wait)
	}
	return t.timer.C
}
