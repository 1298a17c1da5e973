package trident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

func (g *graph) declareLeader(q *group) {
	g.b.Spout(q.leader, func() topology.Spout { return &asking{group: q} }).EmitsOn(beginStream, packetField)
}

// Bounds of calls.
const (
	queryWaiting = 128              // calls that wait to be begun; more are refused, before a worker refuses questions of any kind (worker.MaxAnswers)
	queryOpen    = 64               // calls that are under way
	queryTimeout = 30 * time.Second // of a call that has none of its own
)

// QueryEndpoint is where a query's spout takes questions; see topology.Context.Serve.
const QueryEndpoint = "trident.query"

// Why a call has no answer. That of too many begins with "busy: ", by which clients know it.
var (
	errRestarted = errors.New("a task that worked on it was restarted; call again")
	errOverdue   = errors.New("it was not done within the topology's message timeout: a task is too slow for it, or what was sent to one is lost; call again")
)

// asking is the spout of a query: it begins a batch for each call.
type asking struct {
	group   *group
	tc      *topology.Context
	attempt uint64
	waiting chan *call
	calls   calls
}

// asked is the message id of what the spout emits. The attempt tells those apart that an instance before it has emitted.
type asked struct{ attempt, txid uint64 }

// Open implements [topology.Opener].
func (a *asking) Open(_ context.Context, tc *topology.Context) error {
	a.tc, a.attempt = tc, uint64(tc.Now().UnixNano())
	a.waiting, a.calls.open = make(chan *call, queryWaiting), map[uint64]*call{}
	return tc.Serve(QueryEndpoint, a.ask)
}

// ask is one call, from any goroutine.
func (a *asking) ask(ctx context.Context, argument []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	c := &call{argument: string(argument), answer: make(chan reply, 1)}
	select {
	case a.waiting <- c:
	default:
		return nil, fmt.Errorf("busy: %d calls of query %q wait already", queryWaiting, a.group.query)
	}
	a.tc.Wake()
	select {
	case r := <-c.answer:
		return r.answer, r.err
	case <-ctx.Done():
		c.gone.Store(true)
		return nil, a.failure(fmt.Errorf("no answer in time: %w", ctx.Err()))
	}
}

// failure says which query has failed.
func (a *asking) failure(cause error) error {
	return fmt.Errorf("query %q: %w", a.group.query, cause)
}

// Next implements [topology.Spout].
func (a *asking) Next(_ context.Context, out *topology.SpoutCollector) error {
	for txid, c := range a.calls.open {
		if c.gone.Load() {
			a.calls.lose(txid)
		}
	}
	a.beginAll(out)
	if a.calls.stuck() {
		txid, from := a.calls.header()
		a.emit(&packet{kind: packetPass, txid: txid, from: from}, out)
	}
	return nil
}

// beginAll begins the calls that wait, as far as there is room.
func (a *asking) beginAll(out *topology.SpoutCollector) {
	for len(a.calls.open) < queryOpen {
		select {
		case c := <-a.waiting:
			if !c.gone.Load() {
				txid, from := a.calls.begin(c)
				a.emit(&packet{kind: packetBegin, txid: txid, from: from, data: c.argument, encode: encodeArgument}, out)
			}
		default:
			return
		}
	}
}

func (a *asking) emit(p *packet, out *topology.SpoutCollector) {
	p.group, p.attempt, p.time = uint16(a.group.id), a.attempt, a.tc.Now().UnixMilli()
	out.Stream(beginStream).EmitID(asked{a.attempt, p.txid}, topology.Of(p))
}

// Receive implements [topology.SpoutReceiver].
func (a *asking) Receive(_ topology.TaskID, b []byte) {
	m, err := decodeMail(b)
	switch {
	case err != nil:
		a.tc.Report(err)
	case m.Kind == mailOpened:
		a.restarted()
	case m.Kind == mailAnswer && m.Attempt == a.attempt:
		a.answered(m)
	}
}

func (a *asking) answered(m mail) {
	r := reply{answer: m.Answer}
	if m.Error != "" {
		r.err = a.failure(errors.New(m.Error))
	}
	if c := a.calls.end(m.TxID); c != nil {
		c.answer <- r
	}
}

// restarted gives up all calls that are under way, when a task has begun anew: what the one before it held of them is gone, and nobody else knows what that
// was. Those that begin later are not held up: their packets say that nothing before them counts.
func (a *asking) restarted() {
	for txid := range a.calls.open {
		a.fail(txid, errRestarted)
	}
}

func (a *asking) fail(txid uint64, cause error) {
	if c := a.calls.lose(txid); c != nil {
		c.answer <- reply{err: a.failure(cause)}
	}
}

// Ack implements [topology.Acknowledger]. The answer comes by mail, before or after.
func (a *asking) Ack(any) {}

// Fail implements [topology.Acknowledger].
func (a *asking) Fail(id any, cause error) {
	if errors.Is(cause, topology.ErrTimeout) {
		cause = errOverdue
	}
	if id := id.(asked); id.attempt == a.attempt {
		a.fail(id.txid, cause)
	}
}
