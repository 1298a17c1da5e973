package process

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// reader keeps the worker's assignment up to date: it reads it when there is a hint that it has changed, and every second.
//
// A hint is the write itself on its way to the server, which stores it first and then has daemons read it. So a read that follows the hint
// at once may find what was before; it is tried again, until the version is there that the hint bears.
type reader struct {
	spec   cluster.WorkerSpec
	nc     *nats.Conn
	log    *zap.Logger
	out    chan news     // for the host's loop
	every  time.Duration // between reads without a hint
	seen   uint64        // version that was read last
	hinted uint64        // version that should be there soon; it may also be one that the server has refused
	tries  int           // reads since that hint
}

// news is what was read: an assignment, or with nil that there is none of the topology any more.
type news struct{ assignment *cluster.Assignment }

const (
	readInterval = time.Second
	readTimeout  = time.Second          // a daemon that can take requests and not answer them takes its share of them
	againPause   = 2 * time.Millisecond // before the first read again; it doubles
	maxTries     = 8                    // reads after a hint, the last half a second after it
)

func (r *reader) run(ctx context.Context) {
	hints := make(chan *nats.Msg, 16) // when it is full, a read is due already
	if sub, err := r.nc.ChanSubscribe(cluster.KeySubject(cluster.AssignmentPrefix+r.spec.Topology), hints); err != nil {
		r.log.Warn("changes of the assignment are seen late: no hints", zap.Error(err))
	} else {
		defer sub.Unsubscribe() //nolint:errcheck // it fails only when the connection is closed, and the subscription with it
	}
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	for {
		r.read(ctx)
		select {
		case <-ctx.Done():
			return
		case m := <-hints:
			r.hint(m.Data)
		case <-r.again():
		case <-ticker.C:
		}
	}
}

// hint takes in what the write will be, if it can be read.
func (r *reader) hint(record []byte) {
	var a struct {
		Version uint64 `json:"version"`
	}
	if json.Unmarshal(record, &a) == nil && a.Version > r.seen {
		r.hinted, r.tries = a.Version, 0
	}
}

// again tells when to read again because of a hint; nil is never.
func (r *reader) again() <-chan time.Time {
	if r.seen >= r.hinted || r.tries >= maxTries {
		return nil
	}
	r.tries++
	return time.After(againPause << r.tries)
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
	if a != nil {
		r.seen = a.Version
	}
	select {
	case r.out <- news{a}:
	case <-ctx.Done():
	}
}
