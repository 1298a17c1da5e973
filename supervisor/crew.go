package supervisor

import (
	"context"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// learn takes records into the roster.
func (s *Supervisor) learn(n news) {
	keys := map[string]bool{}
	for _, e := range n.entries {
		if e.Operation() != jetstream.KeyValuePut {
			s.roster.delete(e.Key(), e.Revision())
			continue
		}
		keys[e.Key()] = true
		s.refuse(e.Key(), s.roster.put(e.Key(), e.Revision(), e.Value()))
	}
	if n.whole {
		s.roster.read(keys)
	}
}

// refuse logs once why a record, or the folder of a worker, can't be used; err is nil when it can.
func (s *Supervisor) refuse(key string, err error) {
	if err == nil {
		delete(s.refused, key)
		return
	}
	if s.refused[key] == err.Error() {
		return
	}
	if len(s.refused) >= maxFences {
		clear(s.refused) // some are logged again
	}
	s.refused[key] = err.Error()
	s.log.Warn("refused", zap.String("key", key), zap.Error(err))
}

// reconcile makes the runners those that the roster wants.
func (s *Supervisor) reconcile(ctx context.Context) {
	s.sweep()
	if !s.roster.whole {
		return
	}
	orders := s.roster.orders()
	for id, r := range s.runners {
		if _, wanted := orders[id]; !wanted {
			r.stop()
		}
	}
	maps.DeleteFunc(s.broken, func(id string, _ cluster.Process) bool { _, wanted := orders[id]; return !wanted })
	for id, o := range orders {
		if s.runners[id] == nil {
			s.run(ctx, o, nil)
		}
	}
}

// run begins to run a worker, whose process c may be there already.
func (s *Supervisor) run(ctx context.Context, o order, c *child) {
	r, err := newRunner(s, o, c)
	s.refuse(workersDir+"/"+o.Worker, err)
	if err != nil {
		s.broken[o.Worker] = cluster.Process{Topology: o.Topology, TopologyID: o.TopologyID, Worker: o.Worker,
			State: string(fetching), Since: time.Now(), Error: err.Error()}
		return
	}
	delete(s.broken, o.Worker)
	s.runners[o.Worker] = r
	go r.run(ctx)
}

// sweep forgets the runners that have ended, and removes the folders of those that nobody wants any more.
func (s *Supervisor) sweep() {
	var orders map[string]order
	for id, r := range s.runners {
		select {
		case <-r.done:
		default:
			continue
		}
		delete(s.runners, id)
		if orders == nil {
			orders = s.roster.orders()
		}
		if _, wanted := orders[id]; !wanted {
			s.discard(id)
		}
	}
}
