// Command keeper is a topology of the command's tests that answers what package trident has its topologies answer, of a state whose keys are shared out
// by their lengths. How often it was started it keeps where a topology keeps state, as its last transaction.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/galestream/gale"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/changelog"
	"github.com/nats-io/nats.go"
)

const partitions = 3

func main() {
	b := topology.NewBuilder("keeper")
	b.Spout("trident.coordinator", func() topology.Spout { return &coordinator{} }).Emits("nothing")
	b.Spout("shouts", func() topology.Spout { return &shouts{} }).Emits("nothing")
	b.Bolt("counts", func() topology.Bolt { return &counts{values: map[string]int{}} }).Parallelism(partitions).Shuffle("trident.coordinator").Shuffle("shouts")
	gale.Main(b)
}

// coordinator emits nothing.
type coordinator struct{ starts int }

func (c *coordinator) Open(ctx context.Context, tc *topology.Context) error {
	if err := c.begin(ctx, tc.Topology); err != nil {
		return err
	}
	return tc.Serve("trident.states", c.states)
}

// begin counts the start.
func (c *coordinator) begin(ctx context.Context, topology string) error {
	log, err := changelog.Environment(topology)
	if err != nil {
		return err
	}
	attempt, err := log.Fence(ctx, nil)
	if err != nil {
		return err
	}
	last, err := log.LastCommit(ctx)
	if err != nil {
		return err
	}
	c.starts = len(last.Payload) + 1
	if _, err := log.Append(ctx, attempt, changelog.Commit, make([]byte, c.starts)); err != nil {
		return err
	}
	return log.Close()
}

func (c *coordinator) Next(context.Context, *topology.SpoutCollector) error { return nil }

func (c *coordinator) states(context.Context, []byte) ([]byte, error) {
	return fmt.Appendf(nil, `{"topology":"keeper","txid":%d,"states":[{"name":"counts","kind":"map","component":"counts","partitions":%d,"key":"string"}],`+
		`"queries":[{"name":"shout","component":"shouts"}]}`, c.starts, partitions), nil
}

// shouts emits nothing, and answers queries.
type shouts struct{}

func (shouts) Open(_ context.Context, tc *topology.Context) error {
	return tc.Serve("trident.query", shout)
}

func (shouts) Next(context.Context, *topology.SpoutCollector) error { return nil }

func shout(ctx context.Context, request []byte) ([]byte, error) {
	switch arg := string(request); arg {
	case "fail":
		return nil, errors.New("nothing to shout")
	case "crowd":
		return nil, errors.New("busy: 1024 calls wait already")
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "steal":
		return steal(ctx)
	default:
		return json.Marshal([]any{strings.ToUpper(arg), len(arg)})
	}
}

// steal tells what comes of looking at the state of another topology.
func steal(ctx context.Context) ([]byte, error) {
	file, err := os.ReadFile(os.Getenv("GALE_STATE"))
	if err != nil {
		return nil, err
	}
	var a struct{ URL, Credentials, Inbox string }
	if err := json.Unmarshal(file, &a); err != nil {
		return nil, err
	}
	nc, err := nats.Connect(a.URL, nats.UserCredentials(a.Credentials), nats.CustomInboxPrefix(a.Inbox))
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	own, err := nc.RequestWithContext(ctx, "$JS.API.STREAM.INFO.GALE_STATE_keeper", nil)
	if err != nil {
		return nil, err
	}
	refused := make(chan error, 1)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
	if err := nc.Publish("$JS.API.STREAM.INFO.GALE_STATE_other", nil); err != nil {
		return nil, err
	}
	select {
	case err = <-refused:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return json.Marshal([]any{strings.Contains(string(own.Data), "gale.state.keeper.*"), err.Error()})
}

// counts is a partition, which has a value for the keys of its own.
type counts struct {
	index  int
	values map[string]int
}

func (c *counts) Prepare(_ context.Context, tc *topology.Context) error {
	c.index = tc.Index
	for _, key := range []string{"one", "five", "seven", "-5"} {
		if len(key)%partitions == c.index {
			c.values[key] = len(key) * 1_000_000_007
		}
	}
	return errors.Join(tc.Serve("trident.get", c.get), tc.Serve("trident.stats", c.stats))
}

func (c *counts) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

func (c *counts) get(_ context.Context, request []byte) ([]byte, error) {
	var r struct{ State, Key string }
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	if owner := len(r.Key) % partitions; owner != c.index {
		return json.Marshal(map[string]int{"owner": owner})
	}
	value, found := c.values[r.Key]
	return json.Marshal(map[string]any{"found": found, "value": value, "txid": 1})
}

func (c *counts) stats(context.Context, []byte) ([]byte, error) {
	return json.Marshal(map[string]int{"keys": len(c.values), "bytes": 1000 * len(c.values), "txid": 1})
}
