package process

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport"
	"github.com/galestream/gale/worker"
)

// tasks are the open tasks of a worker with their links: what there is once its generation is current.
type tasks struct {
	generation int
	spec       cluster.WorkerSpec
	worker     *worker.Worker
	manager    *worker.Manager
	node       *transport.Node
	known      *directory
	ended      chan error // what the run returned
	links      struct {
		sync.Mutex
		to map[int]string // by slot: the worker that its way leads to
	}
	mu struct {
		sync.Mutex // also held while spouts are told
		active     bool
		drained    bool // paused for good
	}
}

// openTasks makes the tasks of the worker and has them run. ctx ends them.
func (h *host) openTasks(ctx context.Context, g *cluster.Generation) (*tasks, error) {
	t := &tasks{generation: g.Number, spec: h.spec, known: newDirectory(g), ended: make(chan error, 1)}
	if err := t.known.update(g); err != nil {
		return nil, err
	}
	own, _ := t.known.slot(h.spec.Worker)
	opt := placed(h.options, g, t.known.slots, own)
	opt.Name = h.spec.Worker
	opt.Seed = (opt.Seed | 1) * (h.spec.Life<<1 | 1) // a former life's late acks must not fit the new one's trees
	if h.options.Seed == 0 {
		opt.Seed = rand.Uint64() | 1
	}
	w, err := worker.New(h.topology, opt)
	if err != nil {
		return nil, err
	}
	t.worker, t.manager = w, w.Manage()
	t.links.to = map[int]string{}
	if t.node, err = openLinks(h.nc, h.spec, w, t.known, h.log); err != nil {
		return nil, err
	}
	t.link(g)
	go func() { t.ended <- w.Run(ctx) }()
	return t, nil
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
	t.links.Lock()
	defer t.links.Unlock()
	var ids []string
	for _, w := range g.Workers {
		ids = append(ids, w.ID)
	}
	t.node.SetPeers(ids)
	for _, id := range ids {
		slot, _ := t.known.slot(id)
		if former := t.links.to[slot]; former == id || id == t.spec.Worker {
			continue
		} else if former != "" {
			t.worker.Lost(slot)
		}
		t.worker.Connect(slot, peer{t.node.Peer(id)})
		t.links.to[slot] = id
	}
}

// update follows a new version of the assignment. An error says that the process can't.
func (t *tasks) update(ctx context.Context, a *cluster.Assignment) error {
	if err := t.known.update(a.Current); err != nil {
		return err
	}
	t.link(a.Current)
	return t.activate(ctx, a.Active)
}

// activate has the spouts emit, or pause, unless they pause for good.
func (t *tasks) activate(ctx context.Context, active bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.active == active || t.mu.drained {
		return nil
	}
	if err := t.manager.Activate(ctx, active); err != nil {
		return err
	}
	t.mu.active = active
	return nil
}

// pause has the spouts pause; for good, when it is to drain.
func (t *tasks) pause(ctx context.Context, drain bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mu.drained = t.mu.drained || drain
	t.mu.active = false
	return t.manager.Activate(ctx, false)
}

func (t *tasks) state() (active, drained bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mu.active, t.mu.drained
}
