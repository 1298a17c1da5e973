package client

import (
	"context"
	"slices"
	"strings"

	"github.com/galestream/gale/cluster"
)

const workersAnew = 10 // every so many looks at the logs, it is looked which workers there are

// logSource is a worker and the supervisor that has its log.
type logSource struct{ worker, supervisor string }

// findSources asks which workers there are.
func (r *logReader) findSources(ctx context.Context) error {
	d, err := r.c.Describe(ctx, r.q.Topology)
	if err != nil {
		return err
	}
	if r.id != "" && d.ID != r.id {
		return cluster.Errorf(cluster.NotFound, "topology %q is gone, there is a new one of the name", r.q.Topology)
	}
	r.id, r.known = d.ID, nil
	for _, w := range d.Workers {
		if strings.HasSuffix(w.ID, r.q.Worker) {
			r.known = append(r.known, logSource{w.ID, w.Supervisor})
		}
	}
	r.over = len(d.Workers) == 0 && (d.Status == cluster.Finished || d.Status == cluster.Failed)
	if len(r.known) == 0 && (r.over && !r.later || !r.over && r.q.Worker != "") {
		err = r.findEnded(ctx, &d)
	}
	r.sources = slices.Clone(r.known)
	return err
}

// findEnded is for workers that are not there any more: some supervisor may have their logs still.
func (r *logReader) findEnded(ctx context.Context, d *cluster.Description) error {
	ids, err := r.ended(d)
	if err != nil {
		return err
	}
	all, err := r.c.Supervisors(ctx)
	for _, id := range ids {
		for _, s := range all {
			if s.State != "lost" {
				r.known = append(r.known, logSource{id, s.ID})
			}
		}
	}
	return err
}

// ended returns the ids of such workers, as far as they are known: of those that have crashed, or what the query says.
func (r *logReader) ended(d *cluster.Description) (ids []string, err error) {
	for i := range d.Crashes {
		if id := d.Crashes[i].Worker; strings.HasSuffix(id, r.q.Worker) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	switch {
	case len(ids) > 0:
		return ids, nil
	case r.q.Worker == "":
		return nil, cluster.Errorf(cluster.NotFound, "topology %q has %s, and its workers are gone", d.Name, d.Status).
			WithHint("their supervisors keep the logs for ten minutes, in kept/WORKER of their data folders (of `gale dev`: dev-1/kept); with a worker's whole id: gale logs %s --worker WORKER", d.Name)
	}
	if err := cluster.CheckID(r.q.Worker); err != nil {
		return nil, &cluster.Error{Code: cluster.Invalid, Message: "worker: " + err.Error()}
	}
	return []string{r.q.Worker}, nil
}

// follow reads what comes until the topology is over.
func (r *logReader) follow(ctx context.Context) error {
	for n := 1; sleep(ctx, r.c.pause); n++ {
		var gone error
		if n%workersAnew == 0 {
			gone = r.refresh(ctx)
		}
		if err := r.readAll(ctx); err != nil || gone != nil || r.over {
			return firstOf(err, unlessGone(gone))
		}
		r.sources = r.known
	}
	return ctx.Err()
}

// refresh asks which workers there are now. Those that are not any more are read once more: what they said last is in
// their logs by now.
func (r *logReader) refresh(ctx context.Context) error {
	before := r.sources
	err := r.findSources(ctx)
	if code := cluster.CodeOf(err); err != nil && (code == cluster.Unavailable || code == cluster.Timeout) {
		r.sources, r.known, err = before, before, nil // logs don't need a Nimbus
	}
	for _, s := range before {
		if !slices.Contains(r.sources, s) {
			r.sources = append(r.sources, s)
		}
	}
	return err
}

func unlessGone(err error) error {
	if cluster.CodeOf(err) == cluster.NotFound {
		return nil
	}
	return err
}
