package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// keeper is a topology that keeps state: what its tasks answer, and of which of them its worker knows.
type keeper struct {
	name    string
	tasks   map[string]int // how many, by component
	answers map[string]func(index int, request []byte) (string, error)
}

// newKeeper keeps "counts", whose keys "a" to "c" belong to the partitions 0 to 2, and answers "shout".
func newKeeper(name string) *keeper {
	k := &keeper{name: name, tasks: map[string]int{coordinator: 1, "counts": 3, "shouts": 1}}
	k.answers = map[string]func(int, []byte) (string, error){
		statesEndpoint: func(int, []byte) (string, error) {
			return `{"txid":7,"states":[{"name":"totals","kind":"value","component":"counts","partitions":3},{"name":"counts","kind":"map","component":"counts","partitions":3,"key":"string"}],
				"queries":[{"name":"shout","component":"shouts"}]}`, nil
		},
		statsEndpoint: func(index int, request []byte) (string, error) {
			if string(request) == `{"state":"totals"}` && index > 0 {
				return "", errors.New("the state is being recovered")
			}
			return fmt.Sprintf(`{"keys":%d,"bytes":100}`, index+1), nil
		},
		getEndpoint: get,
		queryEndpoint: func(_ int, request []byte) (string, error) {
			if text := string(request); text != "hello" {
				return "", errors.New(text)
			}
			return fmt.Sprintf(`["HELLO",%q]`, name), nil
		},
	}
	return k
}

func get(index int, request []byte) (string, error) {
	var r struct{ State, Key string }
	if err := json.Unmarshal(request, &r); err != nil {
		return "", err
	}
	switch owner := int(r.Key[0] - 'a'); {
	case r.Key == "endless":
		return fmt.Sprintf(`{"owner":%d}`, (index+1)%3), nil
	case owner != index:
		return fmt.Sprintf(`{"owner":%d}`, owner), nil
	}
	return fmt.Sprintf(`{"found":%t,"value":{"n":12345678901234567890},"txid":6}`, len(r.Key) == 1), nil
}

// run has the fake's Nimbus know the topology, and a worker of it answer. gone has it killed.
func (f *fake) run(t *testing.T, all ...*keeper) (gone func(name string)) {
	t.Helper()
	there := map[string]cluster.Description{}
	for _, k := range all {
		there[k.name] = k.describe()
		sub, err := f.nc.Subscribe(cluster.QuestionSubject(there[k.name].ID, "W"), func(m *nats.Msg) { k.answer(m) })
		require.NoError(t, err)
		t.Cleanup(func() { _ = sub.Unsubscribe() })
	}
	require.NoError(t, f.nc.Flush())
	f.know(there)
	return func(name string) {
		left := map[string]cluster.Description{}
		for n, d := range there {
			if n != name {
				left[n] = d
			}
		}
		there = left
		f.know(there)
	}
}

func (f *fake) know(there map[string]cluster.Description) {
	on(f, cluster.VerbDescribe, func(r cluster.NameRequest) (any, error) {
		if d, ok := there[r.Name]; ok {
			return d, nil
		}
		return nil, cluster.Errorf(cluster.NotFound, "there is no topology %q", r.Name)
	})
	on(f, cluster.VerbReadState, func(cluster.ReadStateRequest) (any, error) { return cluster.ReadStateResponse{}, nil })
	on(f, cluster.VerbList, func(cluster.Empty) (any, error) {
		var l cluster.ListResponse
		for _, d := range there {
			l.Topologies = append(l.Topologies, d.Summary)
		}
		return l, nil
	})
}

func (k *keeper) describe() (d cluster.Description) {
	d.Name, d.ID, d.Status, d.Generation, d.Parallelism = k.name, "T"+k.name, cluster.Active, 1, k.tasks
	d.Workers = []cluster.WorkerStatus{{ID: "W", Generation: 1, Tasks: k.tasks}}
	for id, n := range k.tasks {
		d.Definition.Components = append(d.Definition.Components, cluster.Component{ID: id, Parallelism: n})
	}
	return d
}

func (k *keeper) answer(m *nats.Msg) {
	q, err := cluster.DecodeQuestion(m.Data)
	if err != nil {
		panic(err)
	}
	a := cluster.Answer{Outcome: cluster.NoEndpoint}
	if f := k.answers[q.Endpoint]; f != nil {
		body, err := f(int(q.Index), q.Request)
		a = cluster.Answer{Outcome: cluster.Answered, Body: []byte(body)}
		if err != nil {
			a = cluster.Answer{Outcome: cluster.Declined, Body: []byte(err.Error())}
		}
	}
	if err := m.Respond(a.Append(nil)); err != nil {
		panic(err)
	}
}

// hint returns the hint of an error that must be of the code.
func hint(t *testing.T, code cluster.Code, err error) string {
	t.Helper()
	e := new(cluster.Error)
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, "%v", err)
	return e.Hint
}

func TestStatesOfATopology(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	plain := &keeper{name: "plain", tasks: map[string]int{"lines": 1}}
	begun := newKeeper("begun")
	delete(begun.answers, statesEndpoint)
	f.run(t, newKeeper("words"), plain, begun)
	c := f.client(t)
	all, err := c.States(t.Context(), "words")
	require.NoError(t, err)
	require.Equal(t, []StateInfo{
		{Topology: "words", Name: "counts", Kind: "map", Component: "counts", KeyType: "string", Partitions: 3, Answered: 3, Keys: 6, Bytes: 300, TxID: 7, Running: true},
		{Topology: "words", Name: "totals", Kind: "value", Component: "counts", Partitions: 3, Answered: 1, Keys: 1, Bytes: 100, TxID: 7, Running: true},
	}, all)

	_, err = c.States(t.Context(), "wrods")
	require.Equal(t, "did you mean words?", hint(t, cluster.NotFound, err))
	_, err = c.States(t.Context(), "plain")
	require.Contains(t, hint(t, cluster.NotFound, err), "package trident")
	_, err = c.States(t.Context(), "begun")
	hint(t, cluster.Unavailable, err)
}

func TestAValueIsThePartitionsThatHasTheKey(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.run(t, newKeeper("words"))
	c := f.client(t)
	for _, key := range []string{"a", "b", "c"} {
		v, err := c.State(t.Context(), "words", "counts", key)
		require.NoError(t, err)
		require.Equal(t, StateValue{Topology: "words", State: "counts", Key: key, Value: json.RawMessage(`{"n":12345678901234567890}`), TxID: 6}, v)
	}
	_, err := c.State(t.Context(), "words", "counts", "beta")
	require.ErrorContains(t, err, `has no key "beta"`)
	hint(t, cluster.NotFound, err)
	_, err = c.State(t.Context(), "words", "count", "a")
	require.Equal(t, "did you mean counts?", hint(t, cluster.NotFound, err))
	_, err = c.State(t.Context(), "words", "counts", "endless")
	hint(t, cluster.Unavailable, err)
}

func TestAQueryFindsItsTopologyOnce(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	one, two := newKeeper("one"), newKeeper("two")
	gone := f.run(t, one, two, &keeper{name: "plain", tasks: map[string]int{"lines": 1}})
	c := f.client(t)
	_, err := c.Query(t.Context(), "shout", "hello")
	require.Equal(t, "say which with --topology", hint(t, cluster.Conflict, err))
	results, err := c.QueryIn(t.Context(), "one", "shout", "hello")
	require.NoError(t, err)
	require.Equal(t, []json.RawMessage{json.RawMessage(`"HELLO"`), json.RawMessage(`"one"`)}, results)

	gone("two")
	for range 3 {
		results, err = f.client(t).Query(t.Context(), "shout", "hello")
		require.NoError(t, err)
		require.Equal(t, `"one"`, string(results[1]))
	}
	_, err = c.Query(t.Context(), "shout", "hello")
	require.NoError(t, err)
	asked := len(f.verbs())
	_, err = c.Query(t.Context(), "shout", "hello")
	require.NoError(t, err)
	require.Len(t, f.verbs(), asked, "Nimbus is not asked again")
}

func TestAQueryThatIsNotThereAnyMoreIsLookedForAgain(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	one, two := newKeeper("one"), newKeeper("two")
	f.run(t, one)
	c := f.client(t)
	_, err := c.Query(t.Context(), "shout", "hello")
	require.NoError(t, err)
	delete(one.answers, queryEndpoint)
	delete(one.answers, statesEndpoint)
	f.run(t, two)
	results, err := c.Query(t.Context(), "shout", "hello")
	require.NoError(t, err)
	require.Equal(t, `"two"`, string(results[1]))
}

func TestWhyAQueryHasNoAnswer(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	begun := newKeeper("begun")
	delete(begun.answers, queryEndpoint)
	f.run(t, newKeeper("words"), begun)
	c := f.client(t)
	_, err := c.QueryIn(t.Context(), "words", "shuot", "hello")
	require.Equal(t, "did you mean shout?", hint(t, cluster.NotFound, err))
	_, err = c.Query(t.Context(), "shuot", "hello")
	require.Equal(t, "did you mean shout?", hint(t, cluster.NotFound, err))
	_, err = c.QueryIn(t.Context(), "words", "shout", "nothing to shout")
	require.ErrorContains(t, err, "nothing to shout")
	hint(t, cluster.Refused, err)
	_, err = c.QueryIn(t.Context(), "words", "shout", "busy: 1024 calls wait")
	require.ErrorContains(t, err, "busy: 1024 calls wait")
	hint(t, cluster.Busy, err)
	_, err = c.QueryIn(t.Context(), "begun", "shout", "hello")
	hint(t, cluster.Unavailable, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.QueryIn(ctx, "words", "shout", "hello")
	require.ErrorIs(t, err, context.Canceled)
}
