package nimbus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
)

// records are the bucket as a leader finds it.
type records struct {
	topologies  map[string]cluster.Topology
	assignments map[string]cluster.Assignment // by the topology's name
	supervisors map[string]cluster.Supervisor
	broken      map[string]string // by key: why the record is left alone
}

// load reads the bucket as it was when the epoch began. A server of a NATS cluster may be behind, but shows writes in their
// order: once it shows the epoch, it has shown all that came before, and what came after was refused.
func load(ctx context.Context, kv jetstream.KeyValue, epoch uint64) (*records, error) {
	w, err := kv.WatchAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the records: %w", err)
	}
	defer w.Stop() //nolint:errcheck // it fails only when the connection is closed, or NATS away
	r := &records{map[string]cluster.Topology{}, map[string]cluster.Assignment{}, map[string]cluster.Supervisor{}, map[string]string{}}
	for {
		select {
		case e, open := <-w.Updates():
			switch {
			case !open:
				return nil, errors.New("reading the records: NATS ended it")
			case e == nil: // what this server had at first: maybe not yet all
			case e.Key() == cluster.EpochKey && e.Revision() == epoch:
				return r, nil
			case e.Key() == cluster.EpochKey && e.Revision() > epoch:
				return nil, cluster.ErrFenced
			case e.Operation() == jetstream.KeyValuePut:
				r.add(e.Key(), e.Value())
			default:
				r.remove(e.Key())
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (r *records) add(key string, value []byte) {
	r.remove(key)
	var err error
	if name, ok := strings.CutPrefix(key, cluster.TopologyPrefix); ok {
		err = add(r.topologies, key, name, value, checkTopology)
	} else if name, ok := strings.CutPrefix(key, cluster.AssignmentPrefix); ok {
		err = add(r.assignments, key, name, value, checkAssignment)
	} else if id, ok := strings.CutPrefix(key, cluster.SupervisorPrefix); ok {
		err = add(r.supervisors, key, id, value, checkSupervisor)
	}
	if err != nil {
		r.broken[key] = err.Error()
	}
}

func (r *records) remove(key string) {
	if name, ok := strings.CutPrefix(key, cluster.TopologyPrefix); ok {
		delete(r.topologies, name)
	} else if name, ok := strings.CutPrefix(key, cluster.AssignmentPrefix); ok {
		delete(r.assignments, name)
	} else if id, ok := strings.CutPrefix(key, cluster.SupervisorPrefix); ok {
		delete(r.supervisors, id)
	}
	delete(r.broken, key)
}

func add[R any](to map[string]R, key, name string, value []byte, check func(name string, r *R) error) error {
	var record R
	if err := cluster.Decode(key, value, &record); err != nil {
		return err
	}
	if err := check(name, &record); err != nil {
		return &cluster.RecordError{Key: key, Err: err}
	}
	to[name] = record
	return nil
}

func checkTopology(name string, t *cluster.Topology) error {
	if t.Name != name || t.Definition.Name != name {
		return fmt.Errorf("it is of topology %q", t.Name)
	}
	if err := cluster.CheckID(t.ID); err != nil {
		return err
	}
	switch t.Status {
	case cluster.Active, cluster.Inactive, cluster.Killed, cluster.Finished, cluster.Failed:
	default:
		return fmt.Errorf("it has the status %q, which there is not", t.Status)
	}
	for _, s := range []*cluster.Swap{t.Next, t.Previous} {
		if s == nil {
			continue
		}
		if err := checkRun(s.Definition, s.Program, s.Workers, s.Parallelism); err != nil {
			return err
		}
	}
	return checkRun(t.Definition, t.Program, t.Workers, t.Parallelism)
}

// checkRun applies the rules of submit, which what was accepted once still meets.
func checkRun(d cluster.Definition, p cluster.Program, workers int, parallelism map[string]int) error {
	r := cluster.SubmitRequest{Definition: d, Program: p, Workers: workers, Parallelism: parallelism}
	return r.Validate()
}

func checkAssignment(name string, a *cluster.Assignment) error {
	if a.Topology != name {
		return fmt.Errorf("it is of topology %q", a.Topology)
	}
	if err := cluster.CheckID(a.ID); err != nil {
		return err
	}
	return errors.Join(checkGeneration(a.Current), checkGeneration(a.Next))
}

func checkGeneration(g *cluster.Generation) error {
	if g == nil {
		return nil
	}
	tasks := 0
	for id, n := range g.Parallelism {
		if topology.CheckName(id) != nil || n < 1 || n > cluster.MaxTasks {
			return fmt.Errorf("generation %d gives component %q %d tasks", g.Number, id, n)
		}
		tasks += n
	}
	owned := map[cluster.TaskID]bool{}
	for _, w := range g.Workers {
		if err := checkWorker(w, tasks, owned); err != nil {
			return fmt.Errorf("generation %d: %w", g.Number, err)
		}
	}
	return cluster.CheckDigest(g.Program.Digest)
}

func checkWorker(w cluster.Worker, tasks int, owned map[cluster.TaskID]bool) error {
	if err := errors.Join(cluster.CheckID(w.ID), cluster.CheckSupervisorID(w.Supervisor)); err != nil {
		return err
	}
	for _, t := range w.Tasks {
		if t < 1 || int(t) > tasks || owned[t] {
			return fmt.Errorf("worker %s has task %d, which is another's or not there", w.ID, t)
		}
		owned[t] = true
	}
	return nil
}

func checkSupervisor(id string, s *cluster.Supervisor) error {
	if s.ID != id {
		return fmt.Errorf("it is of supervisor %q", s.ID)
	}
	return checkHost(&s.Host)
}

// checkHost is also what keeps out beats that nobody sends who means well.
func checkHost(h *cluster.Host) error {
	if err := cluster.CheckSupervisorID(h.ID); err != nil {
		return err
	}
	if h.Slots < 0 || h.Slots > cluster.MaxWorkers || h.Memory < 0 || h.CPU < 0 || len(h.Labels) > maxLabels || len(h.Host) > maxHostName {
		return fmt.Errorf("supervisor %s has %d slots, %d MiB, %d %% of a core, %d labels: one of these can't be", h.ID, h.Slots, h.Memory, h.CPU, len(h.Labels))
	}
	return nil
}

// Limits of what a supervisor may say of itself.
const (
	maxLabels   = 64
	maxHostName = 256
)
