package trident

import (
	"encoding/json"
	"fmt"

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
	begin := data.(*packet)
	if p.tc.Index != 0 || begin.kind == packetPass {
		return nil
	}
	switch arg := begin.data.(type) {
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
	g := s.n.given("Answer").g
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
