package trident

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/commit"
)

// coordinator is the spout that begins and commits the batches: the host of a commit.Machine, which decides.
type coordinator struct {
	g         *graph
	tc        *topology.Context
	log       changelog.Log
	machine   *commit.Machine
	attempt   commit.Attempt // the last that the machine was told of
	id        string         // in the notes of its fences
	sources   map[topology.TaskID]int
	bases     *bases
	figures   *figures
	begun     time.Time
	ended     bool
	committed atomic.Uint64 // the last txid that is
	timer     *time.Timer

	mu struct {
		sync.Mutex
		events []commit.Event
	}
	over  context.Context // ends what is under way in the background
	end   context.CancelFunc
	owned sync.WaitGroup
}

// tree is the message id of what the coordinator emits.
type tree struct {
	txid     commit.TxID
	attempt  commit.Attempt
	announce bool
}

func newCoordinator(g *graph) *coordinator {
	return &coordinator{g: g, id: "coordinator " + rand.Text(), sources: map[topology.TaskID]int{}}
}

// Open implements [topology.Opener].
func (c *coordinator) Open(_ context.Context, tc *topology.Context) (err error) {
	c.tc, c.begun = tc, tc.Now()
	c.over, c.end = context.WithCancel(context.Background())
	for _, n := range c.g.groups[0].roots {
		for _, t := range tc.Tasks(n.place.id) {
			c.sources[t] = len(c.sources)
		}
	}
	if c.log, err = c.g.openLog(tc); err != nil {
		return err
	}
	if err := c.serve(); err != nil || len(c.sources) == 0 {
		return err
	}
	c.bases, c.figures = newBases(c), newFigures(tc)
	c.timer = time.AfterFunc(time.Hour, tc.Wake)
	c.machine, err = commit.New(c.machineOptions())
	c.put(commit.Start{})
	return err
}

// checkEvery is how often a coordinator that has nothing to do looks for another one.
const checkEvery = time.Second

func (c *coordinator) machineOptions() commit.Options {
	o := commit.Options{Sources: len(c.sources), Depth: c.g.options.depth, Interval: c.g.options.interval, Confirm: c.g.announces()}
	if !isInstant(c.log) { // which no other process writes
		o.Check = checkEvery
	}
	return o
}

// announces reports whether anybody is told of commits.
func (g *graph) announces() bool {
	for _, p := range g.places {
		if p.durable {
			return true
		}
	}
	return false
}

// put adds an event for the next Next. Any goroutine.
func (c *coordinator) put(e commit.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.mu.events, func(old commit.Event) bool { return replaces(e, old) }); i >= 0 {
		c.mu.events[i] = e // it is said every second, also while the topology is paused and nobody takes events
		return
	}
	c.mu.events = append(c.mu.events, e)
}

// replaces reports whether an event says all that an older one does.
func replaces(e, old commit.Event) bool {
	switch e := e.(type) {
	case commit.Ready:
		return e == old
	case commit.Wake:
		w, ok := old.(commit.Wake)
		return ok && w.Stage == e.Stage
	}
	return false
}

// tell is put for goroutines of its own, which nothing else wakes the spout for.
func (c *coordinator) tell(e commit.Event) {
	c.put(e)
	c.tc.Wake()
}

func (c *coordinator) take() []commit.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	events := c.mu.events
	c.mu.events = nil
	return events
}

// Next implements [topology.Spout].
func (c *coordinator) Next(_ context.Context, out *topology.SpoutCollector) error {
	if c.machine == nil {
		return topology.ErrEnd // there are queries only
	}
	if at, ok := c.machine.WakeAt(); ok && at <= c.tc.Now().Sub(c.begun) {
		c.step(commit.Tick{}, out)
	}
	for events := c.take(); len(events) > 0; events = c.take() {
		for _, e := range events {
			c.step(e, out)
		}
	}
	c.setTimer()
	if c.ended {
		return topology.ErrEnd
	}
	return nil
}

func (c *coordinator) setTimer() {
	if at, ok := c.machine.WakeAt(); ok {
		c.timer.Reset(max(0, at-c.tc.Now().Sub(c.begun)))
	}
}

func (c *coordinator) step(e commit.Event, out *topology.SpoutCollector) {
	now := c.tc.Now()
	if f, ok := e.(commit.Fenced); ok {
		c.attempt = f.Attempt
		c.figures.attempt(f.Last, now)
	}
	for _, a := range c.machine.Step(now.Sub(c.begun), now.UnixMilli(), e) {
		c.do(a, out)
	}
	c.figures.committed(c.machine.Committed(), now)
	c.committed.Store(uint64(c.machine.Committed().TxID))
}

func (c *coordinator) do(a commit.Action, out *topology.SpoutCollector) {
	switch a := a.(type) {
	case commit.DoFence:
		c.background(func() commit.Event { return c.fence(a.After) })
	case commit.DoCheck:
		c.background(func() commit.Event { return c.check(a.After) })
	case commit.Emit:
		c.figures.emit(a.Batch.TxID, c.tc.Now())
		c.emit(a.Batch, out)
	case commit.Append:
		c.background(func() commit.Event { return c.append(a.Record) })
	case commit.Announce:
		c.announce(a, out)
	case commit.Ended:
		c.ended = true
	case commit.Deposed:
		c.tc.Report(fmt.Errorf("another coordinator of this topology has taken over; should it still be there in %v, this one replaces it", a.Pause))
	case commit.Halt:
		c.tc.Report(fmt.Errorf("no more batches: %s", a.Reason))
	}
}

// background does what asks the log, beside the task unless the log answers at once.
func (c *coordinator) background(work func() commit.Event) {
	if isInstant(c.log) {
		c.put(work())
		return
	}
	c.owned.Go(func() { c.tell(work()) })
}

// emit begins a batch.
func (c *coordinator) emit(b commit.Batch, out *topology.SpoutCollector) {
	p := &packet{
		kind: packetBegin, attempt: uint64(b.Attempt), txid: uint64(b.TxID), from: uint64(b.From),
		last: uint64(b.LastAttempt), commit: b.LastSequence, time: b.Time,
	}
	if b.Positions != nil {
		p.data, p.encode = b.Positions, encodePositions
	}
	out.Stream(beginStream).EmitID(&tree{txid: b.TxID, attempt: b.Attempt}, topology.Of(p))
}

// announce says what is committed.
func (c *coordinator) announce(a commit.Announce, out *topology.SpoutCollector) {
	p := &packet{kind: packetAnnounce, attempt: uint64(a.Attempt), txid: uint64(a.TxID), commit: a.Sequence}
	out.Stream(announceStream).EmitID(&tree{txid: a.TxID, attempt: a.Attempt, announce: true}, topology.Of(p))
}

// Ack implements [topology.Acknowledger].
func (c *coordinator) Ack(id any) {
	t := id.(*tree)
	if t.announce {
		c.put(commit.Heard{TxID: t.txid})
		return
	}
	c.put(commit.Prepared{TxID: t.txid, Attempt: t.attempt})
}

// Fail implements [topology.Acknowledger].
func (c *coordinator) Fail(id any, cause error) {
	t := id.(*tree)
	if errors.Is(cause, topology.ErrTimeout) { // other causes are reported where they arise
		c.tc.Report(fmt.Errorf("batch %d: some task has not done its part, which is tried again: %w", t.txid, cause))
	}
	if t.announce {
		c.put(commit.Unheard{TxID: t.txid})
		return
	}
	c.put(commit.Failed{TxID: t.txid, Attempt: t.attempt})
}

// Receive implements [topology.SpoutReceiver].
func (c *coordinator) Receive(from topology.TaskID, b []byte) {
	m, err := decodeMail(b)
	if err != nil {
		c.tc.Report(err)
		return
	}
	if c.machine == nil {
		return
	}
	source, isSource := c.sources[from]
	switch {
	case m.Kind == mailReady && isSource:
		c.put(commit.Ready{Source: source})
	case m.Kind == mailReport && isSource:
		c.put(commit.Report{
			TxID: commit.TxID(m.TxID), Attempt: commit.Attempt(m.Attempt), Source: source,
			Positions: m.Positions, Records: uint64(m.Records), More: m.More, Ended: m.Ended,
		})
	case m.Kind == mailWake:
		c.put(commit.Wake{Stage: int(from), At: m.At})
	case m.Kind == mailOpened:
		c.put(commit.Failed{Attempt: c.attempt})
	case m.Kind == mailBase:
		c.bases.set(from, m.Sequence)
	}
}

// Close implements [topology.Closer].
func (c *coordinator) Close() error {
	c.end()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.owned.Wait()
	return nil
}
