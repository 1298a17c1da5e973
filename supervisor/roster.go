package supervisor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galestream/gale/cluster"
)

// order is what the process of one worker is to be. It never changes: other programs or settings come with other
// worker ids. It is kept in the worker's folder, so that the worker can be restarted without NATS.
type order struct {
	Topology   string          `json:"topology"`
	TopologyID string          `json:"topology_id"`
	Worker     string          `json:"worker"`
	Generation int             `json:"generation"`
	Program    cluster.Program `json:"program"`
	Memory     int             `json:"memory,omitempty"` // MiB; 0 for no limit
	Epoch      uint64          `json:"epoch"`            // of the assignment that it came with
	Version    uint64          `json:"version"`
}

// fence is the newest assignment of a topology that was seen. Older ones are refused.
type fence struct{ epoch, version uint64 }

// accepted is an assignment that holds.
type accepted struct {
	*cluster.Assignment
	revision uint64
	missed   int // full reads in a row that did not have it
}

// roster is what the assignments say. It belongs to one goroutine.
type roster struct {
	self        string
	assignments map[string]*accepted // by topology's name
	fences      map[string]fence     // by topology's id
	whole       bool                 // whether a full read was seen: what is not in it is not assigned
}

// Bounds of what a roster remembers, and how often a record must be missed to be gone: a full read may come from a
// server that is behind.
const (
	maxFences  = 4096
	missesGone = 2
)

func newRoster(self string) *roster {
	return &roster{self: self, assignments: map[string]*accepted{}, fences: map[string]fence{}}
}

// remember takes over what a former supervisor had seen.
func (r *roster) remember(o order) { r.raise(o.TopologyID, fence{o.Epoch, o.Version}) }

// put takes a record. An error says why it is refused; what was known holds on then.
func (r *roster) put(key string, revision uint64, value []byte) error {
	a := new(cluster.Assignment)
	if err := cluster.Decode(key, value, a); err != nil {
		return err
	}
	if err := checkAssignment(key, a); err != nil {
		return &cluster.RecordError{Key: key, Err: err}
	}
	if f, seen := r.fences[a.ID]; seen && (a.Epoch < f.epoch || a.Version < f.version) {
		return fmt.Errorf("the assignment of %q is of epoch %d, version %d: epoch %d, version %d was seen before", a.Topology, a.Epoch, a.Version, f.epoch, f.version)
	}
	if old := r.assignments[a.Topology]; old != nil && old.ID != a.ID {
		r.retire(a.Topology)
	}
	r.assignments[a.Topology] = &accepted{Assignment: a, revision: revision}
	r.raise(a.ID, fence{a.Epoch, a.Version})
	return nil
}

// delete takes the removal of a record, unless a newer one is known.
func (r *roster) delete(key string, revision uint64) {
	name := strings.TrimPrefix(key, cluster.AssignmentPrefix)
	if a := r.assignments[name]; a != nil && a.revision < revision {
		r.retire(name)
	}
}

// read takes which keys a full read had.
func (r *roster) read(keys map[string]bool) {
	r.whole = true
	for name, a := range r.assignments {
		if keys[cluster.AssignmentPrefix+name] {
			a.missed = 0
			continue
		}
		if a.missed++; a.missed >= missesGone {
			r.retire(name)
		}
	}
}

// retire forgets an assignment. Its last version is refused from then on: a read that is behind must not bring it back.
func (r *roster) retire(name string) {
	a := r.assignments[name]
	delete(r.assignments, name)
	r.raise(a.ID, fence{a.Epoch, a.Version + 1})
}

func (r *roster) raise(id string, f fence) {
	old := r.fences[id]
	r.fences[id] = fence{max(old.epoch, f.epoch), max(old.version, f.version)}
	if len(r.fences) > maxFences {
		r.forget()
	}
}

// forget drops the fences of topologies that are gone.
func (r *roster) forget() {
	kept := map[string]fence{}
	for _, a := range r.assignments {
		kept[a.ID] = r.fences[a.ID]
	}
	r.fences = kept
}

// orders returns what should run here, by worker.
func (r *roster) orders() map[string]order {
	orders := map[string]order{}
	for _, name := range slices.Sorted(maps.Keys(r.assignments)) {
		a := r.assignments[name]
		for _, g := range []*cluster.Generation{a.Current, a.Next} {
			r.ordersOf(a, g, orders)
		}
	}
	return orders
}

func (r *roster) ordersOf(a *accepted, g *cluster.Generation, into map[string]order) {
	if g == nil {
		return
	}
	for _, w := range g.Workers {
		if _, twice := into[w.ID]; twice || w.Supervisor != r.self {
			continue
		}
		into[w.ID] = order{a.Topology, a.ID, w.ID, g.Number, g.Program, g.Memory, a.Epoch, a.Version}
	}
}

// checkAssignment checks all that becomes a name of a file or a size here.
func checkAssignment(key string, a *cluster.Assignment) error {
	if key != cluster.AssignmentPrefix+a.Topology {
		return fmt.Errorf("it is of the topology %.80q", a.Topology)
	}
	if err := (&cluster.NameRequest{Name: a.Topology}).Validate(); err != nil {
		return err
	}
	if err := cluster.CheckID(a.ID); err != nil {
		return err
	}
	for _, g := range []*cluster.Generation{a.Current, a.Next} {
		if err := checkGeneration(g); err != nil {
			return err
		}
	}
	return nil
}

func checkGeneration(g *cluster.Generation) error {
	if g == nil {
		return nil
	}
	if err := checkProgram(&g.Program); err != nil {
		return err
	}
	if g.Memory < 0 || g.Memory > cluster.MaxMemory {
		return fmt.Errorf("memory is %d, must be in 0..%d", g.Memory, cluster.MaxMemory)
	}
	if len(g.Workers) > cluster.MaxWorkers {
		return fmt.Errorf("it has %d workers, at most %d can be", len(g.Workers), cluster.MaxWorkers)
	}
	for _, w := range g.Workers {
		if err := cluster.CheckID(w.ID); err != nil {
			return err
		}
	}
	return nil
}

func checkProgram(p *cluster.Program) error {
	if err := cluster.CheckDigest(p.Digest); err != nil {
		return err
	}
	if p.Size < 1 || p.Size > cluster.MaxProgram {
		return fmt.Errorf("the program has %d bytes, must have 1..%d", p.Size, cluster.MaxProgram)
	}
	return nil
}
