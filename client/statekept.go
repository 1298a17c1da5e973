package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/offline"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// readTime is how long the state that a topology has left may take to be read: the credentials are good for no longer.
const readTime = 5 * time.Minute

// keptState is the state that a topology has left, open to be read.
type keptState struct {
	topology string
	log      *changelog.ReadOnly
	release  func()
}

// openKept opens what a topology has left. It is an error of code [cluster.NotFound] if that is nothing.
func (c *Client) openKept(ctx context.Context, topology string) (*keptState, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	nc, release, err := c.connectKept(ctx, topology)
	if err != nil {
		return nil, err
	}
	log, err := changelog.ReadJetStream(ctx, nc, topology, changelog.Options{Timeout: c.look})
	switch {
	case err == nil:
		return &keptState{topology, log, release}, nil
	case errors.Is(err, changelog.ErrNoLog), errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		err = c.explainNothingKept(ctx, topology)
	default:
		err = explainKept(ctx, topology, err)
	}
	release()
	return nil, err
}

// connectKept connects to where state is, with credentials that Nimbus gives for it. Where NATS is used without there is one connection for all. Without a topology it is
// to list those that have some.
func (c *Client) connectKept(ctx context.Context, topology string) (nc *nats.Conn, release func(), err error) {
	r, err := call[cluster.ReadStateResponse](ctx, c, cluster.VerbReadState, cluster.ReadStateRequest{Name: topology})
	if err != nil {
		return nil, nil, err
	}
	if r.Credentials == "" {
		return c.nc, func() {}, nil
	}
	nc, err = optionsAs(c.nc, r).Connect()
	if err != nil {
		return nil, nil, cluster.Errorf(cluster.Unavailable, "connecting to NATS to read state: %v", err).WithHint("try again")
	}
	return nc, nc.Close, nil
}

// optionsAs are those by which nc has connected, with other credentials.
func optionsAs(nc *nats.Conn, r cluster.ReadStateResponse) (o nats.Options) {
	o = nc.Opts
	o.Name, o.InboxPrefix, o.RetryOnFailedConnect = "gale client reads state", r.Inbox, false
	o.Nkey, o.User, o.Password, o.Token, o.TokenHandler, o.UserInfo = "", "", "", "", nil, nil
	o.ConnectedCB, o.ClosedCB, o.DisconnectedErrCB, o.ReconnectedCB, o.DiscoveredServersCB, o.LameDuckModeHandler = nil, nil, nil, nil, nil, nil
	o.DisconnectedCB = nil                                          //nolint:staticcheck // the caller of New may have set it
	o.AsyncErrorCB = func(*nats.Conn, *nats.Subscription, error) {} // what fails is told by who asked
	_ = nats.UserCredentialBytes([]byte(r.Credentials))(&o)         // returns no error
	return o
}

func (k *keptState) close() {
	_ = k.log.Close() // it was only read
	k.release()
}

// value reads the value of a key.
func (k *keptState) value(ctx context.Context, state, key string) (StateValue, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	v, err := offline.Lookup(ctx, k.log, state, key)
	switch {
	case errors.Is(err, offline.ErrNoState):
		names, err := offline.List(ctx, k.log)
		if err != nil {
			return StateValue{}, explainKept(ctx, k.topology, err)
		}
		return StateValue{}, noState(k.topology, state, names)
	case err != nil:
		return StateValue{}, explainKept(ctx, k.topology, err)
	case !v.Found:
		return StateValue{}, noKey(k.topology, state, key)
	}
	return StateValue{Topology: k.topology, State: state, Key: key, Value: v.JSON, TxID: v.TxID}, nil
}

// states says what there is.
func (k *keptState) states(ctx context.Context) (all []StateInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	size, err := k.log.Size(ctx)
	if err != nil {
		return nil, explainKept(ctx, k.topology, err)
	}
	found, err := offline.Overview(ctx, k.log, size)
	if err != nil {
		return nil, explainKept(ctx, k.topology, err)
	}
	for _, s := range found {
		d := s.Description
		all = append(all, StateInfo{
			Topology: k.topology, Name: s.Name, Kind: d.Kind, Component: d.Component, KeyType: d.KeyType, Partitions: 1, Answered: 1, Keys: s.Keys, Bytes: s.Bytes, TxID: s.TxID,
		})
	}
	return all, nil
}

// explainKept says what it means to a user that state can't be read.
func explainKept(ctx context.Context, topology string, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, new(*offline.KeyError)):
		return cluster.Errorf(cluster.Refused, "%v", err)
	case errors.Is(err, offline.ErrUnreadable):
		return cluster.Errorf(cluster.Refused, "%v", err).WithHint("run topology %s: then it can be asked", topology)
	case errors.As(err, new(*offline.DamagedError)), errors.As(err, new(*changelog.DamagedError)):
		return cluster.Errorf(cluster.Internal, "the state that topology %q has left: %v", topology, err)
	}
	return cluster.Errorf(cluster.Unavailable, "reading the state that topology %q has left: %v", topology, err).WithHint("try again")
}

// explainNothingKept says what there is instead of a topology's state.
func (c *Client) explainNothingKept(ctx context.Context, topology string) error {
	_, err := c.Describe(ctx, topology)
	switch {
	case err == nil:
		return cluster.Errorf(cluster.NotFound, "topology %q has left no state", topology).WithHint("those that are built with package trident do")
	case cluster.CodeOf(err) != cluster.NotFound:
		return err
	}
	names, err := c.StateTopologies(ctx)
	if err != nil {
		return err
	}
	running, err := c.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range running {
		if !slices.Contains(names, t.Name) {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return cluster.Errorf(cluster.NotFound, "there is no topology %q, and no state of one", topology).WithHint("%s", near(topology, names, "topology"))
}

// StateTopologies names the topologies that have state in JetStream, in order, whether they run or have left it. What they have left stays until [Client.DropState].
func (c *Client) StateTopologies(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.answer)
	defer cancel()
	nc, release, err := c.connectKept(ctx, "")
	if err != nil {
		return nil, err
	}
	defer release()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	names, err := changelog.List(ctx, js)
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return nil, nil
	case err != nil:
		return nil, cluster.Errorf(cluster.Unavailable, "listing the state that topologies have left: %v", err).WithHint("try again")
	}
	return names, nil
}
