package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/urfave/cli/v2"
)

const queryTimeout = 10 * time.Second

func queryVerb() *verb {
	return &verb{
		name: "query", category: stateVerbs, usage: "asks a topology", args: "NAME [ARGUMENT]", example: "gale query reach https://example.org", run: runQuery,
		about: "Prints what the topology that answers queries of the name answers, a result a line. An argument that is left out\nis empty; one that begins with - comes after --.",
		flags: []cli.Flag{
			&cli.StringFlag{Name: "topology", Usage: "which, where several answer queries of the name `NAME`"},
			timeoutFlag(queryTimeout),
		},
		operands: true, complete: completeQuery,
	}
}

// queryResult is what query writes.
type queryResult struct {
	Query   string            `json:"query"`
	Results []json.RawMessage `json:"results"`
}

func runQuery(i *invocation) error {
	name, argument := i.Args().Get(0), i.Args().Get(1)
	if err := checkQueryName(name); err != nil {
		return i.mistake("query: %v", err)
	}
	if i.IsSet("topology") {
		if err := i.checked(&cluster.NameRequest{Name: i.String("topology")}); err != nil {
			return err
		}
	}
	return i.withClient(func(c *client.Client) error {
		results, err := i.query(c, name, argument)
		if err != nil {
			return err
		}
		return i.show(queryResult{name, list(results)}, func(w io.Writer) error { return writeValues(w, results) })
	})
}

// checkQueryName refuses what no query on a cluster can be called.
func checkQueryName(name string) error {
	if err := topology.CheckName(name); err != nil {
		return err
	}
	if strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return fmt.Errorf("the name %q has a dot at its end or two in a row", name)
	}
	return nil
}

func (i *invocation) query(c *client.Client, name, argument string) (results []json.RawMessage, err error) {
	what := fmt.Sprintf("the query %q has no answer", name)
	err = i.within(i.Duration("timeout"), what, "gale list, gale errors TOPOLOGY", func(ctx context.Context) error {
		if i.IsSet("topology") {
			results, err = c.QueryIn(ctx, i.String("topology"), name, argument)
		} else {
			results, err = c.Query(ctx, name, argument)
		}
		return err
	})
	return results, err
}

func writeValues(w io.Writer, values []json.RawMessage) error {
	for _, v := range values {
		if err := writeValue(w, v); err != nil {
			return err
		}
	}
	return nil
}

// completeQuery completes the name of the query.
func completeQuery(i *invocation, before []string) []string {
	if len(operandsOf(queryVerb(), before)) > 0 {
		return nil
	}
	return i.ask(func(ctx context.Context, c *client.Client) (names []string) {
		all, _ := c.Queries(ctx)
		for _, q := range all {
			names = append(names, q.Name)
		}
		return names
	})
}
