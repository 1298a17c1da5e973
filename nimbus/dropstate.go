package nimbus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// dropTime bounds a drop of state. It is less than answerTime.
const dropTime = 1500 * time.Millisecond

// maxDrops bounds how many drops of state are under way at a time.
const maxDrops = 16

// dropState deletes the state that a topology has left. JetStream may take long for it, so the loop goes on meanwhile; until it is done no topology
// of the name can begin.
func (l *leader) dropState(r *cluster.NameRequest) (any, error) {
	if err := l.checkDroppable(r.Name); err != nil {
		return nil, err
	}
	credentials, err := l.dropCredentials(r.Name)
	if err != nil {
		return nil, err
	}
	l.dropping[r.Name] = true
	work := func(ctx context.Context) (any, error) { return l.dropStateOf(ctx, r.Name, credentials) }
	return &aside{work, func() { delete(l.dropping, r.Name) }}, nil
}

// checkDroppable returns an error if the leader knows a topology of the name, or may not begin another drop.
func (l *leader) checkDroppable(name string) error {
	switch d := l.deployments[name]; {
	case d != nil:
		return cluster.Errorf(cluster.Conflict, "topology %q is %s: its state is in use", name, d.record.Status).WithHint("kill it first: `gale kill %s`", name)
	case l.broken[cluster.TopologyPrefix+name] != "":
		return unreadable(name, l.broken[cluster.TopologyPrefix+name])
	case l.dropping[name]:
		return cluster.Errorf(cluster.Conflict, "the state of topology %q is being dropped already", name)
	case len(l.dropping) >= maxDrops:
		return cluster.Errorf(cluster.Unavailable, "the state of %d topologies is being dropped, more can't be at a time", maxDrops).WithHint("try again")
	}
	return nil
}

// dropStateOf does so outside the loop.
func (l *leader) dropStateOf(ctx context.Context, name string, credentials []nats.Option) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, dropTime)
	defer cancel()
	if err := l.checkGone(ctx, name); err != nil {
		return nil, err
	}
	nc, err := l.connectState(credentials)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	found, err := deleteState(ctx, nc, name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, cluster.Errorf(cluster.NotFound, "there is no state of a topology %q", name)
	}
	l.log.Info("dropped the state", zap.String("topology", name))
	return &cluster.Empty{}, nil
}

// checkGone returns an error if there is a record of a topology of the name: a Nimbus that was paused may not know that another leads, and
// has begun one.
func (l *leader) checkGone(ctx context.Context, name string) error {
	switch _, err := l.store.KV().Get(ctx, cluster.TopologyPrefix+name); {
	case err == nil:
		return cluster.Errorf(cluster.Conflict, "topology %q has just begun: its state is in use", name).WithHint("kill it first: `gale kill %s`", name)
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return cluster.Errorf(cluster.Unavailable, "it can't be said whether there is a topology %q: %v", name, err).WithHint("try again")
	}
	return nil
}

// dropCredentials returns what a connection needs that is to drop the state, and no more; nothing in a cluster without credentials.
func (l *leader) dropCredentials(name string) ([]nats.Option, error) {
	if l.o.Issuer == nil {
		return nil, nil
	}
	dropper := nuid.Next()
	text, err := l.o.Issuer.DropCredentials(name, dropper)
	if err != nil {
		return nil, cluster.Errorf(cluster.Internal, "making credentials to drop state: %v", err)
	}
	if text == "" {
		return nil, errNoAppsKey()
	}
	return []nats.Option{nats.UserCredentialBytes([]byte(text)), nats.CustomInboxPrefix(cluster.WorkerInbox(dropper))}, nil
}

// connectState connects to the account in which state is.
func (l *leader) connectState(credentials []nats.Option) (*nats.Conn, error) {
	a := l.o.Access
	if len(credentials) > 0 {
		a.Credentials = ""
	}
	nc, err := cluster.Connect(a, "gale-nimbus-"+l.n.o.ID+" drops state", l.log, append(credentials, nats.Timeout(dropTime))...)
	if err != nil {
		return nil, cluster.Errorf(cluster.Unavailable, "connecting to NATS to drop state: %v", err).WithHint("try again")
	}
	return nc, nil
}

func errNoAppsKey() error {
	return cluster.Errorf(cluster.Unauthorized, "Nimbus has no key of the account APPS, in which state is").WithHint("start it with --apps-key")
}

// deleteState deletes the streams of a topology's state, and reports whether there were any.
func deleteState(ctx context.Context, nc *nats.Conn, name string) (found bool, err error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return false, cluster.Errorf(cluster.Internal, "dropping state: %v", err)
	}
	log, snapshots := cluster.StateStreams(name)
	for _, stream := range []string{log, snapshots} {
		switch err := js.DeleteStream(ctx, stream); {
		case err == nil:
			found = true
		case !errors.Is(err, jetstream.ErrStreamNotFound):
			return found, cluster.Errorf(cluster.Timeout, "it is not known whether the state of %q is dropped: the stream %s: %v", name, stream, err).WithHint("try again")
		}
	}
	return found, nil
}
