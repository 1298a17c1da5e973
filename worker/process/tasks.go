package process

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport"
	"github.com/galestream/gale/worker"
)

// tasks are the tasks of a worker with their links: what there is once its generation is current. What is not said to be safe is the host's
// loop's.
type tasks struct {
	generation int
	own        string // worker id
	worker     *worker.Worker
	manager    *worker.Manager
	handler    handler
	node       *transport.Node
	known      *directory
	valve      *valve
	to         map[int]string // by slot: the worker that its way leads to
	ended      chan error     // what the run returned
}

// openTasks makes the tasks of the worker and has them run. ctx ends them.
func (h *host) openTasks(ctx context.Context, g *cluster.Generation) (*tasks, error) {
	t := &tasks{generation: g.Number, own: h.spec.Worker, known: newDirectory(g), to: map[int]string{}, ended: make(chan error, 1)}
	if err := t.known.update(g); err != nil {
		return nil, err
	}
	opt, err := h.optionsFor(g, t.known)
	if err != nil {
		return nil, err
	}
	if t.worker, err = worker.New(h.topology, opt); err != nil {
		return nil, err
	}
	t.handler = handler{t.worker, t.known}
	t.manager = t.worker.Manage()
	t.valve = newValve(t.manager.Activate)
	if t.node, err = openLinks(h.nc, h.spec, t.handler, h.log); err != nil {
		return nil, err
	}
	t.link(g)
	go func() { t.ended <- t.worker.Run(ctx) }()
	return t, nil
}

// messageRest is what a message has besides a tuple: headers of frames and slabs. They have less.
const messageRest = 1 << 10

// optionsFor returns the options of the worker that runs its slot of the generation.
func (h *host) optionsFor(g *cluster.Generation, known *directory) (worker.Options, error) {
	own, _ := known.slot(h.spec.Worker)
	o := placed(h.options, g, known.slots, own)
	o.Name = h.spec.Worker
	o.Seed = (o.Seed | 1) * (h.spec.Life<<1 | 1) // a former life's late acks must not fit the new one's trees
	if h.options.Seed == 0 {
		o.Seed = rand.Uint64() | 1
	}
	limit := int(h.nc.MaxPayload())
	if limit < worker.MinMessage {
		return o, fmt.Errorf("NATS takes messages of at most %d bytes, workers need %d: raise max_payload in the configuration of the NATS server", limit, worker.MinMessage)
	}
	o.MaxTuple = min(cmp.Or(o.MaxTuple, worker.DefaultMaxTuple), limit-messageRest)
	return o, nil
}

// placed returns the options of a worker that runs a slot of the generation.
func placed(o worker.Options, g *cluster.Generation, slots [][]topology.TaskID, own int) worker.Options {
	overrides := map[string]worker.Override{}
	maps.Copy(overrides, o.Overrides)
	for id, n := range g.Parallelism {
		change := overrides[id]
		change.Parallelism = n
		overrides[id] = change
	}
	o.Overrides = overrides
	o.Placement = &worker.Placement{Slots: slots, Own: own}
	return o
}

// link takes in the workers that the generation has now. Who has come in place of another has nothing of what was sent to that one; nor
// may the link have known of it, when it had never been up.
func (t *tasks) link(g *cluster.Generation) {
	var ids []string
	for _, w := range g.Workers {
		ids = append(ids, w.ID)
	}
	t.node.SetPeers(ids)
	for _, id := range ids {
		if id == t.own {
			continue
		}
		slot, _ := t.handler.slot(t.node.Peer(id))
		if former := t.to[slot]; former != "" && former != id {
			t.worker.Lost(slot) // after the new one is connected, which must hear of it, too
		}
		t.to[slot] = id
	}
}

// update follows a new version of the assignment. An error says that the process can't.
func (t *tasks) update(a *cluster.Assignment) error {
	if err := t.known.update(a.Current); err != nil {
		return err
	}
	t.link(a.Current)
	t.valve.set(a.Active)
	return nil
}

// pause has the spouts pause, until a new version of the assignment says otherwise, or for good when it is to drain. It waits until they have. It may be
// called from any goroutine.
func (t *tasks) pause(ctx context.Context, drain bool) error {
	if drain {
		t.valve.lock()
	} else {
		t.valve.set(false)
	}
	return t.valve.awaitClosed(ctx)
}
