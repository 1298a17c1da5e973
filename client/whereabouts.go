package client

import (
	"context"
	"slices"
	"sync"

	"github.com/galestream/gale/cluster"
)

// whereabouts is where the tasks of a topology are, as Nimbus has said. It is not changed once it is made.
type whereabouts struct {
	id          string         // the topology's
	parallelism map[string]int // of its components
	components  []string       // their ids, in order
	workers     []cluster.WorkerStatus
	of          map[place]string // the worker of each task, where that has reported which tasks it has
}

// place names a task.
type place struct {
	component string
	index     int
}

func whereaboutsOf(d cluster.Description) *whereabouts {
	w := &whereabouts{id: d.ID, parallelism: d.Parallelism, of: map[place]string{}}
	for _, c := range d.Definition.Components {
		w.components = append(w.components, c.ID)
	}
	for _, s := range d.Workers {
		if s.Generation == d.Generation {
			w.workers = append(w.workers, s)
		}
	}
	for _, r := range d.Reports {
		if r.Generation != d.Generation || !slices.ContainsFunc(w.workers, func(s cluster.WorkerStatus) bool { return s.ID == r.Worker }) {
			continue
		}
		for _, t := range r.Snapshot.Tasks {
			w.of[place{t.Component, t.Index}] = r.Worker
		}
	}
	return w
}

// workersOf returns the workers that may have the task, the most likely first: a report can be without its figures, and a worker may
// have taken the place of another since.
func (w *whereabouts) workersOf(p place) (ids []string) {
	if id := w.of[p]; id != "" {
		ids = append(ids, id)
	}
	for _, s := range w.workers {
		if s.Tasks[p.component] > 0 && s.ID != w.of[p] {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// atlas keeps the whereabouts of topologies.
type atlas struct {
	mu struct {
		sync.Mutex
		of map[string]*sheet
	}
}

// sheet is what is kept of one topology. Its turn is held by the one who looks it up, so that many who ask at once look once.
type sheet struct {
	turn  chan struct{}
	where *whereabouts     // nil before the first look; guarded by the atlas
	found map[place]string // where tasks were found that answered; guarded by the atlas, and emptied with each look
}

// What an atlas keeps at most; then it begins anew.
const (
	maxSheets = 1024
	maxFound  = 1 << 16
)

func (a *atlas) sheet(topology string) *sheet {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.mu.of[topology]; s != nil {
		return s
	}
	if a.mu.of == nil || len(a.mu.of) >= maxSheets {
		a.mu.of = map[string]*sheet{}
	}
	s := &sheet{turn: make(chan struct{}, 1), found: map[place]string{}}
	a.mu.of[topology] = s
	return s
}

// known returns what is known of a topology, nil for nothing, and where the task was found last, empty for nowhere.
func (a *atlas) known(s *sheet, p place) (*whereabouts, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return s.where, s.found[p]
}

// note keeps where a task was found.
func (a *atlas) note(s *sheet, w *whereabouts, p place, worker string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.where != w {
		return
	}
	if len(s.found) >= maxFound {
		clear(s.found)
	}
	s.found[p] = worker
}

// lookup returns whereabouts newer than the given ones, which were wrong: another's, or Nimbus'.
func (c *Client) lookup(ctx context.Context, topology string, s *sheet, stale *whereabouts) (*whereabouts, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	if w, _ := c.atlas.known(s, place{}); w != stale {
		return w, nil
	}
	d, err := c.Describe(ctx, topology)
	if err != nil {
		return nil, err
	}
	w := whereaboutsOf(d)
	c.atlas.mu.Lock()
	defer c.atlas.mu.Unlock()
	s.where, s.found = w, map[place]string{}
	return w, nil
}
