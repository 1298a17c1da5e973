package process

import (
	"context"
	"errors"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// reader keeps the worker's assignment up to date: it reads it when there is a hint that it has changed, and every second.
type reader struct {
	spec cluster.WorkerSpec
	nc   *nats.Conn
	log  *zap.Logger
	out  chan news // for the host's loop
}

// news is what was read: an assignment, or with nil that there is none of the topology any more.
type news struct{ assignment *cluster.Assignment }

const (
	readInterval = time.Second
	readTimeout  = 3 * time.Second
)

func (r *reader) run(ctx context.Context) {
	hints := make(chan *nats.Msg, 16) // when it is full, a read is due already
	if sub, err := r.nc.ChanSubscribe(cluster.KeySubject(cluster.AssignmentPrefix+r.spec.Topology), hints); err != nil {
		r.log.Warn("changes of the assignment are seen late: no hints", zap.Error(err))
	} else {
		defer sub.Unsubscribe() //nolint:errcheck // it fails only when the connection is closed, and the subscription with it
	}
	ticker := time.NewTicker(readInterval)
	defer ticker.Stop()
	for {
		r.read(ctx)
		select {
		case <-ctx.Done():
			return
		case <-hints:
		case <-ticker.C:
		}
	}
}

// read reads the assignment. Where no daemon answers, the worker goes on with what it has.
func (r *reader) read(ctx context.Context) {
	patience, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	a, err := cluster.ReadAssignment(patience, r.nc, r.spec.Topology, r.spec.TopologyID, r.spec.Worker)
	switch {
	case errors.Is(err, cluster.ErrNoRecord):
		a = nil
	case err != nil:
		if ctx.Err() == nil {
			r.log.Debug("the assignment could not be read", zap.Error(err))
		}
		return
	}
	select {
	case r.out <- news{a}:
	case <-ctx.Done():
	}
}
