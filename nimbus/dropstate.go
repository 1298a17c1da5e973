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

// dropTime bounds a drop of state, which the loop waits for: as long as it lasts no topology of the name can begin. It is less than answerTime.
const dropTime = 1500 * time.Millisecond

// dropState deletes the state that a topology has left.
func (l *leader) dropState(r *cluster.NameRequest) (any, error) {
	ctx, cancel := context.WithTimeout(l.ctx, dropTime)
	defer cancel()
	if err := l.checkGone(ctx, r.Name); err != nil {
		return nil, err
	}
	nc, err := l.connectState(r.Name)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	found, err := deleteState(ctx, nc, r.Name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, cluster.Errorf(cluster.NotFound, "there is no state of a topology %q", r.Name)
	}
	l.log.Info("dropped the state", zap.String("topology", r.Name))
	return &cluster.Empty{}, nil
}

// checkGone returns an error unless no topology has the name. The record is looked for as well: a Nimbus that was paused may not know
// that another leads, and has begun one.
func (l *leader) checkGone(ctx context.Context, name string) error {
	if d := l.deployments[name]; d != nil {
		return cluster.Errorf(cluster.Conflict, "topology %q is %s: its state is in use", name, d.record.Status).WithHint("kill it first: `gale kill %s`", name)
	}
	if why := l.broken[cluster.TopologyPrefix+name]; why != "" {
		return unreadable(name, why)
	}
	switch _, err := l.store.KV().Get(ctx, cluster.TopologyPrefix+name); {
	case err == nil:
		return cluster.Errorf(cluster.Conflict, "topology %q has just begun: its state is in use", name).WithHint("kill it first: `gale kill %s`", name)
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		return cluster.Errorf(cluster.Unavailable, "it can't be said whether there is a topology %q: %v", name, err).WithHint("try again")
	}
	return nil
}

// connectState connects to the account in which state is, with credentials that are good for this alone.
func (l *leader) connectState(name string) (*nats.Conn, error) {
	a := l.o.Access
	more := []nats.Option{nats.Timeout(dropTime)}
	if l.o.Issuer != nil {
		dropper := nuid.Next()
		text, err := l.o.Issuer.DropCredentials(name, dropper)
		if err != nil {
			return nil, cluster.Errorf(cluster.Internal, "making credentials to drop state: %v", err)
		}
		if text == "" {
			return nil, errNoAppsKey()
		}
		a.Credentials = ""
		more = append(more, nats.UserCredentialBytes([]byte(text)), nats.CustomInboxPrefix(cluster.WorkerInbox(dropper)))
	}
	nc, err := cluster.Connect(a, "gale-nimbus-"+l.n.o.ID+" drops state", l.log, more...)
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
