package topology_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

// pipe is a spout that can't replay: it emits each line once and counts what it hears.
type pipe struct {
	lines  []string
	acks   map[any]int
	fails  int
	calls  []string // Open, Activate, ...
	onAck  func(id any)
	onNext func(out *topology.SpoutCollector) error
}

func (p *pipe) Next(_ context.Context, out *topology.SpoutCollector) error {
	if p.onNext != nil {
		return p.onNext(out)
	}
	if len(p.lines) == 0 {
		return topology.ErrEnd
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	out.EmitID(line, line, len(line))
	return nil
}

func (p *pipe) Ack(id any) {
	p.acks[id]++
	if p.onAck != nil {
		p.onAck(id)
	}
}

func (p *pipe) Fail(any, error) { p.fails++ }

func (p *pipe) Open(context.Context, *topology.Context) error {
	p.calls = append(p.calls, "Open")
	return nil
}

func (p *pipe) Activate()    { p.calls = append(p.calls, "Activate") }
func (p *pipe) Deactivate()  { p.calls = append(p.calls, "Deactivate") }
func (p *pipe) Close() error { p.calls = append(p.calls, "Close"); return errClose }

var errClose = errors.New("close")

// services is the runtime's side of a context, with a clock that the test moves.
type services struct {
	topology.Services
	now time.Time
}

func (s *services) Now() time.Time { return s.now }

// replaying drives the wrapper of a spout as a runtime does.
type replaying struct {
	*testing.T
	*services
	inner *pipe
	spout topology.Spout
	out   *topology.SpoutCollector
	port  *port
}

var halfSecond = topology.Retry{Attempts: 3, Backoff: 500 * time.Millisecond, Jitter: -1, Held: 2}

func newReplaying(t *testing.T, policy topology.Retry, lines ...string) *replaying {
	r := &replaying{T: t, services: &services{now: time.Unix(0, 0)}, port: &port{}}
	r.inner = &pipe{lines: lines, acks: map[any]int{}}
	b := topology.NewBuilder("test")
	b.Spout("lines", func() topology.Spout { return r.inner }).Emits("line", "n").EmitsDirect("to", "line").Replay(policy)
	c := build(t, b).Component("lines")
	r.spout, r.out = c.NewSpout(), topology.NewSpoutCollector(r.port, c.Streams)
	tc := topology.NewContext(topology.Context{Component: "lines"}, nil, r.services)
	require.NoError(t, r.spout.(topology.Opener).Open(t.Context(), tc))
	return r
}

// next returns what one Next emits. It may say that there is no more only when it emits: what
// waits for another attempt holds the end back.
func (r *replaying) next() []emission {
	r.Helper()
	err := r.spout.Next(r.Context(), r.out)
	emitted := r.port.take()
	if len(emitted) == 0 || err != topology.ErrEnd {
		require.NoError(r, err)
	}
	return emitted
}

// nextLine returns the message id of the one emit of Next, which must be of the line.
func (r *replaying) nextLine(line string) any {
	r.Helper()
	emitted := r.next()
	require.Len(r, emitted, 1)
	require.Equal(r, []any{line, int64(len(line))}, emitted[0].Values)
	require.Equal(r, 0, emitted[0].Stream)
	require.True(r, emitted[0].Tracked)
	return emitted[0].ID
}

func (r *replaying) ack(id any)  { r.spout.(topology.Acknowledger).Ack(id) }
func (r *replaying) fail(id any) { r.spout.(topology.Acknowledger).Fail(id, errors.New("no luck")) }

func (r *replaying) requireEnd() {
	r.Helper()
	require.Equal(r, topology.ErrEnd, r.spout.Next(r.Context(), r.out))
	require.Empty(r, r.port.take())
	require.Zero(r, r.inner.fails, "the inner spout's Fail is never called")
}

func TestReplayPassesAcksOn(t *testing.T) {
	r := newReplaying(t, halfSecond, "a", "b")
	a, b := r.nextLine("a"), r.nextLine("b")
	r.ack(b)
	require.Equal(t, map[any]int{"b": 1}, r.inner.acks)
	r.ack(a)
	require.Equal(t, map[any]int{"a": 1, "b": 1}, r.inner.acks)
	r.requireEnd()
}

func TestReplayEmitsAgainAfterTheBackoff(t *testing.T) {
	r := newReplaying(t, halfSecond, "a")
	r.fail(r.nextLine("a"))
	require.Empty(t, r.next())
	r.now = r.now.Add(500*time.Millisecond - 1)
	require.Empty(t, r.next())
	r.now = r.now.Add(1)
	r.fail(r.nextLine("a"))

	r.now = r.now.Add(time.Second - 1) // the second pause is twice as long
	require.Empty(t, r.next())
	r.now = r.now.Add(1)
	r.ack(r.nextLine("a"))
	require.Equal(t, map[any]int{"a": 1}, r.inner.acks)
	r.requireEnd()
}

func TestReplayGoesBeforeWhatIsNew(t *testing.T) {
	r := newReplaying(t, halfSecond, "a", "b", "c")
	r.fail(r.nextLine("a"))
	r.now = r.now.Add(time.Millisecond)
	r.fail(r.nextLine("b"))
	r.now = r.now.Add(time.Second)
	emitted := r.next()
	require.Equal(t, []any{"a", int64(1)}, emitted[0].Values, "the one due first is first")
	require.Equal(t, []any{"b", int64(1)}, emitted[1].Values)
	require.Equal(t, []any{"c", int64(1)}, emitted[2].Values)
	require.Len(t, emitted, 3)
}

func TestReplayGivesUpToTheDeadLetters(t *testing.T) {
	r := newReplaying(t, halfSecond, "word")
	for range halfSecond.Attempts {
		require.Empty(t, r.inner.acks)
		r.fail(r.nextLine("word"))
		r.now = r.now.Add(time.Minute)
	}
	require.Empty(t, r.inner.acks, "it is acked when its dead letter is emitted")
	letters := r.next()
	require.Len(t, letters, 1)
	require.Equal(t, 2, letters[0].Stream)
	require.False(t, letters[0].Tracked)
	require.NoError(t, letters[0].Err)
	require.Equal(t, []string{"cause", "attempts", "source", "values"}, topology.DeadLetterFields)
	require.Equal(t, []any{"no luck", int64(3), "lines:default", []any{"word", int64(4)}}, letters[0].Values)
	require.Equal(t, map[any]int{"word": 1}, r.inner.acks)
	r.requireEnd()
	require.Equal(t, map[any]int{"word": 1}, r.inner.acks, "once")
}

func TestReplayHoldsTheEndBack(t *testing.T) {
	r := newReplaying(t, halfSecond, "a")
	a := r.nextLine("a")
	r.requireEnd() // a is under way: its Fail would have Next called again
	r.fail(a)
	require.Empty(t, r.next(), "a waits for its second attempt")
	r.now = r.now.Add(500 * time.Millisecond)
	r.ack(r.nextLine("a"))
	require.Equal(t, map[any]int{"a": 1}, r.inner.acks)
	r.requireEnd()
}

func TestReplayTakesNoMoreThanItMayHold(t *testing.T) {
	r := newReplaying(t, halfSecond, "a", "b", "c")
	r.fail(r.nextLine("a"))
	r.fail(r.nextLine("b"))
	require.Empty(t, r.next(), "two wait, which is what it may hold")
	require.Equal(t, []string{"c"}, r.inner.lines)
	r.now = r.now.Add(500 * time.Millisecond)
	require.Len(t, r.next(), 3, "and then the spout goes on")
}

func TestReplayKeepsStreamReceiverAndValues(t *testing.T) {
	r := newReplaying(t, halfSecond)
	list := []any{"a"}
	r.inner.onNext = func(out *topology.SpoutCollector) error {
		r.inner.onNext = nil
		out.Stream("to").Direct(7).EmitID("id", list)
		out.Emit("untracked", 1)
		return nil
	}
	emitted := r.next()
	require.Len(t, emitted, 2)
	list[0] = "changed"
	for _, e := range emitted {
		require.True(t, e.Tracked, "what the inner spout emits untracked is replayed, too")
		r.fail(e.ID)
	}
	r.now = r.now.Add(time.Minute)
	again := r.next()
	require.Len(t, again, 2)
	for i := range again {
		require.Equal(t, emitted[i].Values, again[i].Values)
		require.Equal(t, emitted[i].Stream, again[i].Stream)
		require.Equal(t, emitted[i].Direct, again[i].Direct)
		r.ack(again[i].ID)
	}
	require.Equal(t, []any{[]any{"a"}}, again[0].Values)
	require.Equal(t, topology.TaskID(7), again[0].Direct)
	require.Equal(t, map[any]int{"id": 1}, r.inner.acks, "it doesn't hear of what it emitted untracked")
}

func TestReplayRefusesEmitsFromAck(t *testing.T) {
	r := newReplaying(t, halfSecond, "a", "b")
	a := r.nextLine("a")
	r.inner.onAck = func(any) { r.out.Emit("from Ack", 0) }
	r.port.within = func(*topology.Emission) { r.ack(a) } // as EmitID does while it waits for room
	r.nextLine("b")
	require.Len(t, r.port.reported, 1)
	require.ErrorContains(t, r.port.reported[0], "emit from within an emit")
}

func TestReplayPassesTheLifecycleOn(t *testing.T) {
	r := newReplaying(t, halfSecond)
	r.spout.(topology.Activator).Activate()
	r.spout.(topology.Deactivator).Deactivate()
	require.Equal(t, errClose, r.spout.(topology.Closer).Close())
	require.Equal(t, []string{"Open", "Activate", "Deactivate", "Close"}, r.inner.calls)
}

func TestReplayPassesErrorsOn(t *testing.T) {
	r := newReplaying(t, halfSecond)
	broken := fmt.Errorf("broken pipe")
	r.inner.onNext = func(*topology.SpoutCollector) error { return broken }
	require.Equal(t, broken, r.spout.Next(t.Context(), r.out))
}

// A spout without any optional method can be wrapped, too.
func TestReplayOfAPlainSpout(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Spout("s", source).Emits("x").Replay(topology.Retry{})
	c := build(t, b).Component("s")
	spout, out := c.NewSpout(), topology.NewSpoutCollector(&port{}, c.Streams)
	tc := topology.NewContext(topology.Context{}, nil, &services{})
	require.NoError(t, spout.(topology.Opener).Open(t.Context(), tc))
	spout.(topology.Activator).Activate()
	require.Equal(t, topology.ErrEnd, spout.Next(t.Context(), out))
	spout.(topology.Deactivator).Deactivate()
	require.NoError(t, spout.(topology.Closer).Close())
}

// What the runtime refuses it fails at once; it would refuse it again, and so the inner
// spout's id comes back without another attempt.
func TestReplayOfWhatCannotBeEmitted(t *testing.T) {
	for name, emit := range map[string]func(out *topology.SpoutCollector){
		"value":  func(out *topology.SpoutCollector) { out.EmitID("id", new(int), 1) },
		"stream": func(out *topology.SpoutCollector) { out.Stream("nowhere").EmitID("id", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newReplaying(t, halfSecond)
			r.inner.onNext = func(out *topology.SpoutCollector) error {
				r.inner.onNext = nil
				emit(out)
				return nil
			}
			r.port.within = func(e *topology.Emission) {
				if e.Tracked {
					r.fail(e.ID)
				}
			}
			require.Len(t, r.next(), 1, "the runtime sees it, and reports it")
			require.Equal(t, map[any]int{"id": 1}, r.inner.acks)
			r.requireEnd()
		})
	}
}

func TestReplayOfAFailWithoutCause(t *testing.T) {
	r := newReplaying(t, topology.Retry{Attempts: 1}, "a")
	r.spout.(topology.Acknowledger).Fail(r.nextLine("a"), nil)
	require.Equal(t, []any{"no cause was given", int64(1), "lines:default", []any{"a", int64(1)}}, r.next()[0].Values)
}

// mailed is a spout that receives mail.
type mailed struct {
	pipe
	got []string
}

func (m *mailed) Receive(from topology.TaskID, mail []byte) {
	m.got = append(m.got, fmt.Sprint(from, string(mail)))
}

// A spout whose tuples are kept gets its mail, and one that wants none has no Receive then either.
func TestReplayPassesMailOn(t *testing.T) {
	inner := &mailed{}
	b := topology.NewBuilder("test")
	b.Spout("lines", func() topology.Spout { return inner }).Emits("line").Replay(halfSecond)
	b.Spout("deaf", func() topology.Spout { return &inner.pipe }).Emits("line").Replay(halfSecond)
	built := build(t, b)
	built.Component("lines").NewSpout().(topology.SpoutReceiver).Receive(3, []byte("hello"))
	require.Equal(t, []string{"3hello"}, inner.got)
	require.NotImplements(t, (*topology.SpoutReceiver)(nil), built.Component("deaf").NewSpout())
	require.Implements(t, (*topology.Acknowledger)(nil), built.Component("lines").NewSpout())
}
