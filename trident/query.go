package trident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/codec"
)

// queryPrefix begins the ids of the spouts that take the questions of queries.
const queryPrefix = "query."

// NewQuery begins the stream of a query's arguments: DRPC, a function that is asked for from outside by its name, with one string, and is
// answered by what [Answer] is given. Each call is a batch of its own, which is never committed nor tried again.
func NewQuery(b builder, name string) Stream[string] {
	g := graphOf(b)
	group := &group{id: len(g.groups), query: name, leader: queryPrefix + name}
	g.groups = append(g.groups, group)
	n := g.add("query."+name+".arguments", "query", group)
	g.own(n, "query")
	group.roots = append(group.roots, n)
	n.head = func(p *pipeline) head {
		out := outputOf[string](p, n)
		return head{inputs: []func(any) error{func(data any) error { return argument(p, out, data) }}, finish: out.end}
	}
	return Stream[string]{n}
}

// argument pushes what the caller has given, in one of the tasks.
func argument(p *pipeline, out pusher[string], data any) error {
	if p.tc.Index != 0 {
		return nil
	}
	switch arg := data.(*packet).data.(type) {
	case string:
		return out.push([]string{arg})
	case raw:
		return out.push([]string{string(arg)})
	}
	return out.push([]string{""})
}

func encodeArgument(b []byte, data any) ([]byte, error) { return append(b, data.(string)...), nil }

// Answer makes the records of s the answer to each call of the query that s comes from: all of the call's batch, as a JSON array, in any order.
func Answer[T any](s Stream[T]) {
	g := s.n.g
	n := g.add("", "answer", s.n.group)
	if s.n.group.query == "" {
		g.problem(n.name, "%q comes from a source, not from a query: there is nobody to be answered", s.n.name)
	}
	n.name = "query." + s.n.group.query + ".answer"
	s.n.group.answers++
	n.single = true
	exchangeTo(s.n, n, "global", toFirst[T])
	n.head = func(p *pipeline) head {
		return headOver(n, pusher[T](&answering[T]{p: p, leader: n.group.leader}))
	}
}

// answering gathers an answer, and mails it to the spout that has the question.
type answering[T any] struct {
	p      *pipeline
	leader string
	text   []byte
}

func (a *answering[T]) push(xs []T) error {
	for _, x := range xs {
		separator := byte(',')
		if len(a.text) == 0 {
			separator = '['
		}
		a.text = append(append(a.text, separator), codec.Text(x)...)
	}
	return nil
}

func (a *answering[T]) end() error {
	if len(a.text) == 0 {
		a.text = append(a.text, '[')
	}
	m := mail{Kind: mailAnswer, Attempt: a.p.batch.attempt, TxID: a.p.batch.txid, Answer: append(a.text, ']')}
	a.text = nil
	if !json.Valid(m.Answer) {
		m.Answer, m.Error = nil, "the answer can't be told as JSON"
	}
	b := m.encode()
	if len(b) > topology.MaxMail {
		m.Answer, m.Error = nil, fmt.Sprintf("the answer has %d bytes; %d are possible", len(b), topology.MaxMail)
		b = m.encode()
	}
	for _, t := range a.p.tc.Tasks(a.leader) {
		a.p.tc.Tell(t, b)
	}
	return nil
}

func (g *graph) declareLeader(q *group) {
	g.b.Spout(q.leader, func() topology.Spout { return &asking{group: q} }).EmitsOn(beginStream, packetField)
}

// Bounds of calls.
const (
	queryWaiting = 1024             // calls that wait to be begun; more are refused
	queryOpen    = 64               // calls that are under way
	queryTimeout = 30 * time.Second // of a call that has none of its own
)

// QueryEndpoint is where a query's spout takes questions; see topology.Context.Serve.
const QueryEndpoint = "trident.query"

// errBusy is what a caller is told when there are too many calls.
var errBusy = fmt.Errorf("busy: %d calls wait already", queryWaiting)

// asking is the spout of a query: it begins a batch for each call.
type asking struct {
	group   *group
	tc      *topology.Context
	attempt uint64
	last    uint64
	calls   chan *call
	open    map[uint64]*call
}

// call is one question.
type call struct {
	argument string
	answer   chan reply // room for one
	gone     atomic.Bool
}

type reply struct {
	answer []byte
	err    error
}

// Open implements [topology.Opener].
func (a *asking) Open(_ context.Context, tc *topology.Context) error {
	a.tc, a.attempt = tc, uint64(tc.Now().UnixNano())
	a.calls, a.open = make(chan *call, queryWaiting), map[uint64]*call{}
	return tc.Serve(QueryEndpoint, a.ask)
}

// ask is one call, from any goroutine.
func (a *asking) ask(ctx context.Context, argument []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	c := &call{argument: string(argument), answer: make(chan reply, 1)}
	select {
	case a.calls <- c:
	default:
		return nil, errBusy
	}
	a.tc.Wake()
	select {
	case r := <-c.answer:
		return r.answer, r.err
	case <-ctx.Done():
		c.gone.Store(true)
		return nil, fmt.Errorf("no answer in time: %w", ctx.Err())
	}
}

// Next implements [topology.Spout].
func (a *asking) Next(_ context.Context, out *topology.SpoutCollector) error {
	for txid, c := range a.open {
		if c.gone.Load() {
			delete(a.open, txid)
		}
	}
	for len(a.open) < queryOpen {
		select {
		case c := <-a.calls:
			if !c.gone.Load() {
				a.begin(c, out)
			}
		default:
			return nil
		}
	}
	return nil
}

func (a *asking) begin(c *call, out *topology.SpoutCollector) {
	a.last++
	a.open[a.last] = c
	from := a.last
	for txid := range a.open {
		from = min(from, txid)
	}
	p := &packet{
		kind: packetBegin, group: uint16(a.group.id), attempt: a.attempt, txid: a.last, from: from,
		time: a.tc.Now().UnixMilli(), data: c.argument, encode: encodeArgument,
	}
	out.Stream(beginStream).EmitID(a.last, topology.Of(p))
}

// Receive implements [topology.SpoutReceiver].
func (a *asking) Receive(_ topology.TaskID, b []byte) {
	m, err := decodeMail(b)
	if err != nil {
		a.tc.Report(err)
		return
	}
	if m.Kind != mailAnswer || m.Attempt != a.attempt {
		return
	}
	r := reply{answer: m.Answer}
	if m.Error != "" {
		r.err = errors.New(m.Error)
	}
	a.settle(m.TxID, r)
}

func (a *asking) settle(txid uint64, r reply) {
	if c := a.open[txid]; c != nil {
		delete(a.open, txid)
		c.answer <- r
	}
}

// Ack implements [topology.Acknowledger]. The answer comes by mail, before or after.
func (a *asking) Ack(any) {}

// Fail implements [topology.Acknowledger].
func (a *asking) Fail(id any, cause error) { a.settle(id.(uint64), reply{err: cause}) }
