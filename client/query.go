package client

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/galestream/gale/cluster"
)

// QueryInfo tells of a query that a topology answers.
type QueryInfo struct {
	Topology  string `json:"topology"`
	Name      string `json:"name"`
	Component string `json:"component"` // that takes it in
}

// Query has the topology that answers queries of the name answer one, and returns the results, each of which is JSON; there may
// be none. Which topology that is it looks for once, among all that run. arg is what the query makes of it; ctx says how long an answer is waited
// for, without a deadline 5 s.
//
// The codes of its errors ([cluster.CodeOf]): NotFound: no topology answers queries of the name. Conflict: several do; see
// [Client.QueryIn]. Busy: as many queries as can be are being answered; this one was not begun, and may be asked again. Unavailable: nobody
// could be asked. Refused: the query has failed. Timeout: there was no answer in time.
func (c *Client) Query(ctx context.Context, name, arg string) ([]json.RawMessage, error) {
	if q, ok := c.queries.Load(name); ok {
		results, err := c.ask(ctx, q.(QueryInfo), arg)
		if cluster.CodeOf(err) != cluster.NotFound {
			return results, err
		}
		c.queries.Delete(name) // the topology was killed, or answers others now
	}
	q, err := c.findQuery(ctx, name)
	if err != nil {
		return nil, err
	}
	c.queries.Store(name, q)
	return c.askFound(ctx, q, arg)
}

// QueryIn is Query of the topology that is named.
func (c *Client) QueryIn(ctx context.Context, topology, name, arg string) ([]json.RawMessage, error) {
	known, err := c.catalogue(ctx, topology)
	if err != nil {
		return nil, err
	}
	all := known.queries(topology)
	k := slices.IndexFunc(all, func(q QueryInfo) bool { return q.Name == name })
	if k < 0 {
		return nil, cluster.Errorf(cluster.NotFound, "topology %q answers no query %q", topology, name).WithHint("%s", near(name, namesOf(all), "query"))
	}
	return c.askFound(ctx, all[k], arg)
}

func (c *Client) ask(ctx context.Context, q QueryInfo, arg string) ([]json.RawMessage, error) {
	results, err := askJSON[[]json.RawMessage](ctx, c, q.Topology, q.Component, 0, queryEndpoint, []byte(arg))
	if e := new(cluster.Error); errors.As(err, &e) && e.Code == cluster.Refused && strings.HasPrefix(e.Message, busyPrefix) {
		return nil, cluster.Errorf(cluster.Busy, "the query %q of topology %q is %s", q.Name, q.Topology, e.Message).WithHint("ask again in a moment, or fewer at a time")
	}
	return results, err
}

// busyPrefix begins what the spout of a query says that has too many to answer.
const busyPrefix = "busy: "

// askFound is ask of a query that the topology has just said to answer: if it does not, it has only begun.
func (c *Client) askFound(ctx context.Context, q QueryInfo, arg string) ([]json.RawMessage, error) {
	results, err := c.ask(ctx, q, arg)
	if cluster.CodeOf(err) == cluster.NotFound {
		return nil, cluster.Errorf(cluster.Unavailable, "the query %q is not ready yet: %v", q.Name, err).WithHint("see what it is at: `gale describe %s`", q.Topology)
	}
	return results, err
}

// findQuery looks for the topology that answers a query.
func (c *Client) findQuery(ctx context.Context, name string) (QueryInfo, error) {
	all, err := c.Queries(ctx)
	found := slices.DeleteFunc(slices.Clone(all), func(q QueryInfo) bool { return q.Name != name })
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return QueryInfo{}, cluster.Errorf(cluster.Conflict, "the topologies %s and %s answer the query %q", found[0].Topology, found[1].Topology, name).WithHint("say which with --topology")
	case err != nil:
		return QueryInfo{}, err
	}
	return QueryInfo{}, cluster.Errorf(cluster.NotFound, "no topology answers a query %q", name).WithHint("%s", near(name, namesOf(all), "query"))
}

func namesOf(all []QueryInfo) (names []string) {
	for _, q := range all {
		if !slices.Contains(names, q.Name) {
			names = append(names, q.Name)
		}
	}
	return names
}

// queriesAtOnce is how many topologies are asked at the same time for their queries.
const queriesAtOnce = 16

// Queries returns the queries that running topologies answer, in the order of topologies and names. When one could
// not be asked, as while it starts, the error says so, and those of the others are there all the same.
func (c *Client) Queries(ctx context.Context) ([]QueryInfo, error) {
	topologies, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	found, errs := make([][]QueryInfo, len(topologies)), make([]error, len(topologies))
	turns := make(chan struct{}, queriesAtOnce)
	var asking sync.WaitGroup
	for i, t := range topologies {
		if t.Status != cluster.Active && t.Status != cluster.Inactive {
			continue
		}
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			found[i], errs[i] = c.queriesOf(ctx, t.Name)
		})
	}
	asking.Wait()
	return slices.Concat(found...), errors.Join(errs...)
}

// queriesOf returns none of a topology that answers none, or is gone.
func (c *Client) queriesOf(ctx context.Context, topology string) ([]QueryInfo, error) {
	known, err := c.bareCatalogue(ctx, topology)
	if cluster.CodeOf(err) == cluster.NotFound {
		return nil, nil
	}
	return known.queries(topology), err
}

func (k *catalogue) queries(topology string) (all []QueryInfo) {
	for _, q := range k.Queries {
		all = append(all, QueryInfo{Topology: topology, Name: q.Name, Component: q.Component})
	}
	slices.SortFunc(all, func(a, b QueryInfo) int { return strings.Compare(a.Name, b.Name) })
	return all
}
