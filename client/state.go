package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/galestream/gale/cluster"
)

// What topologies of package trident answer, each on the task that knows.
const (
	coordinator    = "trident.coordinator" // the component whose one task knows all states and queries
	statesEndpoint = "trident.states"
	getEndpoint    = "trident.get"   // of the component that keeps a state: the partition that has the key answers, others name it
	statsEndpoint  = "trident.stats" // of each partition
	queryEndpoint  = "trident.query" // of the component that takes a query in
)

// StateInfo tells of a state that a topology keeps.
type StateInfo struct {
	Topology   string `json:"topology"`
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Component  string `json:"component"`  // that keeps it
	KeyType    string `json:"key_type"`   // the type of its keys, as "string" or "int64"; empty for a single value
	Partitions int    `json:"partitions"` // the tasks among which the keys are shared out
	Answered   int    `json:"answered"`   // partitions that Keys and Bytes are of; the others could not be asked, as while a worker is started again
	Keys       int64  `json:"keys"`
	Bytes      int64  `json:"bytes"`
	TxID       uint64 `json:"txid"`    // the last transaction that the topology has committed; 0 for none
	Running    bool   `json:"running"` // false: the topology has ended or was killed, and this is what it has left
}

// StateValue is what a state has for a key.
type StateValue struct {
	Topology string          `json:"topology"`
	State    string          `json:"state"`
	Key      string          `json:"key"`
	Value    json.RawMessage `json:"value"`
	TxID     uint64          `json:"txid"` // the last transaction that it has the effect of
}

// catalogue is what a coordinator answers.
type catalogue struct {
	TxID   uint64 `json:"txid"`
	States []struct {
		Name       string `json:"name"`
		Kind       string `json:"kind"`
		Component  string `json:"component"`
		Partitions int    `json:"partitions"`
		Key        string `json:"key"`
	} `json:"states"`
	Queries []struct {
		Name      string `json:"name"`
		Component string `json:"component"`
	} `json:"queries"`
}

// States returns the states that a topology keeps, in the order of their names. The figures are of about now: partitions are asked one after the
// other. Of a topology that has ended, or was killed, it returns what is left, read from its log in this process: each state as one partition. It is an error of code [cluster.NotFound] if
// there is neither such a topology nor state of one, or it is not one of package trident.
func (c *Client) States(ctx context.Context, topology string) ([]StateInfo, error) {
	return orKept(ctx, c, topology, c.statesNow, func(ctx context.Context, k *keptState) ([]StateInfo, error) { return k.states(ctx) })
}

// statesNow asks a topology that runs.
func (c *Client) statesNow(ctx context.Context, topology string) (all []StateInfo, err error) {
	known, err := c.bareCatalogue(ctx, topology)
	if err != nil {
		return nil, silentAs(err)
	}
	for _, s := range known.States {
		info := StateInfo{Topology: topology, Name: s.Name, Kind: s.Kind, Component: s.Component, KeyType: s.Key, Partitions: s.Partitions, TxID: known.TxID, Running: true}
		if err := c.measure(ctx, &info); err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b StateInfo) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// measure adds up what the partitions say.
func (c *Client) measure(ctx context.Context, info *StateInfo) error {
	request, err := json.Marshal(map[string]string{"state": info.Name})
	if err != nil {
		return err
	}
	for index := range info.Partitions {
		stats, err := askJSON[struct{ Keys, Bytes int64 }](ctx, c, info.Topology, info.Component, index, statsEndpoint, request)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // which the numbers say
		}
		info.Answered++
		info.Keys += stats.Keys
		info.Bytes += stats.Bytes
	}
	return nil
}

// State returns the committed value that a state has for a key, which is written as text: a string as it is, a number in decimals. An error of code
// [cluster.NotFound] says that there is no such key, state or topology, and its hint what there is instead. Of a topology that has ended, or was killed, the value is read from its log in this
// process; one of code [cluster.Refused] says that only the topology's program can read it, and one of [cluster.Internal] what is damaged.
func (c *Client) State(ctx context.Context, topology, state, key string) (StateValue, error) {
	return orKept(ctx, c, topology, func(ctx context.Context, topology string) (StateValue, error) {
		return c.stateNow(ctx, topology, state, key)
	},
		func(ctx context.Context, k *keptState) (StateValue, error) { return k.value(ctx, state, key) })
}

// stateNow asks a topology that runs.
func (c *Client) stateNow(ctx context.Context, topology, state, key string) (StateValue, error) {
	known, err := c.bareCatalogue(ctx, topology)
	if err != nil {
		return StateValue{}, silentAs(err)
	}
	var names []string
	for _, s := range known.States {
		if s.Name == state {
			return c.stateOf(ctx, topology, s.Component, state, key)
		}
		names = append(names, s.Name)
	}
	return StateValue{}, noState(topology, state, names)
}

func noState(topology, state string, names []string) error {
	return cluster.Errorf(cluster.NotFound, "topology %q has no state %q", topology, state).WithHint("%s", near(state, names, "state"))
}

func noKey(topology, state, key string) error {
	return cluster.Errorf(cluster.NotFound, "the state %q of topology %q has no key %q", state, topology, key)
}

// ownerLooks bounds how often it is gone on to the partition that is said to have a key: while a topology is spread anew two
// may name each other.
const ownerLooks = 4

func (c *Client) stateOf(ctx context.Context, topology, component, state, key string) (StateValue, error) {
	request, err := json.Marshal(map[string]string{"state": state, "key": key})
	if err != nil {
		return StateValue{}, err
	}
	index := 0
	for range ownerLooks {
		a, err := askJSON[stateAnswer](ctx, c, topology, component, index, getEndpoint, request)
		if err != nil {
			return StateValue{}, silentAs(err)
		}
		switch {
		case a.Owner != nil:
			index = *a.Owner
		case !a.Found:
			return StateValue{}, noKey(topology, state, key)
		default:
			return StateValue{Topology: topology, State: state, Key: key, Value: a.Value, TxID: a.TxID}, nil
		}
	}
	return StateValue{}, cluster.Errorf(cluster.Unavailable, "the partitions of the state %q of topology %q are being shared out anew", state, topology).WithHint("try again")
}

type stateAnswer struct {
	Owner *int            `json:"owner"`
	Found bool            `json:"found"`
	Value json.RawMessage `json:"value"`
	TxID  uint64          `json:"txid"`
}

// DropState deletes all state that a topology has left, for good. An error of code [cluster.Conflict] says that there is a
// topology of the name, which has to be killed before, and one of [cluster.NotFound] that there is no state.
func (c *Client) DropState(ctx context.Context, topology string) error {
	_, err := call[cluster.Empty](ctx, c, cluster.VerbDropState, cluster.NameRequest{Name: topology})
	return err
}

// catalogue asks a topology's coordinator what there is, and explains it when there is none.
func (c *Client) catalogue(ctx context.Context, topology string) (known catalogue, err error) {
	known, err = c.bareCatalogue(ctx, topology)
	if cluster.CodeOf(err) == cluster.NotFound {
		err = c.explainNoState(ctx, topology, err)
	}
	return known, err
}

func (c *Client) bareCatalogue(ctx context.Context, topology string) (catalogue, error) {
	return askJSON[catalogue](ctx, c, topology, coordinator, 0, statesEndpoint, []byte("{}"))
}

// explainNoState says why a topology has no coordinator.
func (c *Client) explainNoState(ctx context.Context, topology string, err error) error {
	d, problem := c.Describe(ctx, topology)
	switch {
	case cluster.CodeOf(problem) == cluster.NotFound:
		return c.noTopology(ctx, topology)
	case problem != nil:
		return problem
	case !slices.ContainsFunc(d.Definition.Components, func(k cluster.Component) bool { return k.ID == coordinator }):
		return cluster.Errorf(cluster.NotFound, "topology %q keeps no state and answers no queries", topology).WithHint("those that are built with package trident do")
	}
	return cluster.Errorf(cluster.Unavailable, "topology %q does not answer yet: %v", topology, err).WithHint("see what it is at: gale describe %s", topology)
}

func (c *Client) noTopology(ctx context.Context, topology string) error {
	all, _ := c.List(ctx) // without it the hint is shorter
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	return cluster.Errorf(cluster.NotFound, "there is no topology %q", topology).WithHint("%s", near(topology, names, "topology"))
}

// askJSON is Ask for answers in JSON.
func askJSON[T any](ctx context.Context, c *Client, topology, component string, index int, endpoint string, request []byte) (answer T, err error) {
	text, err := c.Ask(ctx, topology, component, index, endpoint, request)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer, cluster.Errorf(cluster.Internal, "topology %q answers %q with what can't be read: %v", topology, endpoint, err).WithHint("its program may have been built with another version of Gale")
	}
	return answer, nil
}

// maxNear is how many names a hint has.
const maxNear = 10

// near is a hint for who asked for a name that is not there: the names like it, or else all, as far as they are few.
func near(name string, all []string, what string) string {
	var like []string
	for _, n := range all {
		if distance(strings.ToLower(name), strings.ToLower(n)) <= 1+len(name)/4 {
			like = append(like, n)
		}
	}
	switch {
	case len(like) > 0:
		return "did you mean " + strings.Join(like[:min(len(like), maxNear)], ", ") + "?"
	case len(all) == 0:
		return "there is no " + what + " at all"
	case len(all) > maxNear:
		return fmt.Sprintf("there are %s and %d more", strings.Join(all[:maxNear], ", "), len(all)-maxNear)
	case len(all) == 1:
		return "there is " + all[0]
	}
	return "there are " + strings.Join(all, ", ")
}

// distance is how many bytes must be put in, taken out or exchanged to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
