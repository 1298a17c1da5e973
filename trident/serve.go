package trident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/galestream/gale/trident/state"
)

// Endpoints of questions from outside; see topology.Context.Serve.
const (
	StatesEndpoint = "trident.states" // of the coordinator: what states and queries there are, an Overview
	GetEndpoint    = "trident.get"    // of a state's tasks: a Lookup, answered by a Found
	StatsEndpoint  = "trident.stats"  // of a state's tasks: a Lookup without a key, answered by a Size
)

// Overview is what a topology has that can be asked for.
type Overview struct {
	Topology string      `json:"topology"`
	TxID     uint64      `json:"txid"` // the last batch that is committed
	States   []StateInfo `json:"states"`
	Queries  []QueryInfo `json:"queries"`
}

// StateInfo describes a state.
type StateInfo struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`       // "map", "value" or "static"
	Component  string `json:"component"`  // whose tasks have it
	Partitions int    `json:"partitions"` // how many tasks
	Key        string `json:"key"`        // the Go type of its keys
}

// QueryInfo describes a query.
type QueryInfo struct {
	Name      string `json:"name"`
	Component string `json:"component"` // the spout that takes its calls
}

// Lookup asks a state's task for a key.
type Lookup struct {
	State string `json:"state"`
	Key   string `json:"key"` // as a person writes it: see codec.ParseKey
}

// Found is the answer to a Lookup. A task that doesn't have the key's group says whose it is.
type Found struct {
	Owner *int            `json:"owner,omitempty"` // the index of the task to be asked instead
	Found bool            `json:"found"`
	Value json.RawMessage `json:"value,omitempty"`
	TxID  uint64          `json:"txid"` // the batch as of which the answer is
}

// Size is how large a task's part of a state is.
type Size struct {
	Keys  int    `json:"keys"`
	Bytes int64  `json:"bytes"` // of keys and values
	TxID  uint64 `json:"txid"`  // the last batch that is committed
}

// serve answers what there is to be asked for.
func (c *coordinator) serve() error {
	o := Overview{Topology: c.tc.Topology, States: []StateInfo{}, Queries: []QueryInfo{}}
	for _, s := range c.g.states {
		o.States = append(o.States, StateInfo{s.name, s.kind, s.node.place.id, len(c.tc.Tasks(s.node.place.id)), s.key})
	}
	for _, q := range c.g.groups[1:] {
		o.Queries = append(o.Queries, QueryInfo{q.query, q.leader})
	}
	return c.tc.Serve(StatesEndpoint, func(context.Context, []byte) ([]byte, error) {
		now := o
		now.TxID = c.committed.Load()
		return json.Marshal(now)
	})
}

// question is what is to be done on the task's goroutine for a caller.
type question func()

// serve answers questions about the states that the task has a part of.
func (t *stageTask) serve() error {
	if len(t.states) == 0 && len(t.statics) == 0 {
		return nil
	}
	get := t.tc.Serve(GetEndpoint, func(ctx context.Context, b []byte) ([]byte, error) { return t.answer(ctx, b, t.get) })
	stats := t.tc.Serve(StatsEndpoint, func(ctx context.Context, b []byte) ([]byte, error) { return t.answer(ctx, b, t.stats) })
	return errors.Join(get, stats)
}

// answer has the task answer a lookup on its own goroutine, where its states may be used.
func (t *stageTask) answer(ctx context.Context, request []byte, f func(Lookup) (any, error)) ([]byte, error) {
	var l Lookup
	if err := json.Unmarshal(request, &l); err != nil {
		return nil, fmt.Errorf("the request can't be read: %w", err)
	}
	type result struct {
		answer any
		err    error
	}
	done := make(chan result, 1)
	t.ask(func() {
		answer, err := f(l)
		done <- result{answer, err}
	})
	select {
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return json.Marshal(r.answer)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask has the task's goroutine do q.
func (t *stageTask) ask(q question) {
	t.asked.Lock()
	t.asked.questions = append(t.asked.questions, q)
	t.asked.Unlock()
	t.tc.Tell(t.tc.Task, mail{Kind: mailAsked}.encode())
}

func (t *stageTask) doAsked() {
	t.asked.Lock()
	questions := t.asked.questions
	t.asked.questions = nil
	t.asked.Unlock()
	for _, q := range questions {
		q()
	}
}

// find returns the state of a name here.
func (t *stageTask) find(name string) (*stateSpec, error) {
	for _, s := range t.place.states {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("component %q has no state %q", t.place.id, name)
}

var errNotReady = errors.New("the state is being recovered; ask again")

func (t *stageTask) get(l Lookup) (any, error) {
	s, err := t.find(l.State)
	if err != nil {
		return nil, err
	}
	key, err := s.parse(l.Key)
	if err != nil {
		return nil, err
	}
	if owner := state.Owner(state.Group(string(key)), t.tasks()); owner != t.tc.Index {
		return Found{Owner: &owner}, nil
	}
	value, found, txid, err := t.committedValue(s, key)
	if err != nil || !found {
		return Found{TxID: txid}, err
	}
	text, err := s.show(value)
	return Found{Found: true, Value: text, TxID: txid}, err
}

func (t *stageTask) committedValue(s *stateSpec, key []byte) (value []byte, found bool, txid uint64, err error) {
	if s.load != nil {
		value, found, err = s.find(t.statics[s], key)
		return value, found, 0, err
	}
	p := t.stateOf(s)
	if !p.recovered {
		return nil, false, 0, errNotReady
	}
	value, found, err = p.part.Committed(string(key))
	return value, found, p.part.TxID(), err
}

func (t *stageTask) stats(l Lookup) (any, error) {
	s, err := t.find(l.State)
	if err != nil {
		return nil, err
	}
	if s.load != nil {
		return Size{Keys: s.count(t.statics[s])}, nil
	}
	p := t.stateOf(s)
	if !p.recovered {
		return nil, errNotReady
	}
	keys, bytes := p.part.Size()
	return Size{keys, bytes, p.part.TxID()}, nil
}
