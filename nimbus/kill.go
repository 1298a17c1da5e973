package nimbus

import (
	"time"

	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// kill has a topology drained and removed. The shorter of several waits counts.
func (l *leader) kill(r *cluster.KillRequest) (any, error) {
	d, err := l.find(r.Name)
	if err != nil {
		return nil, err
	}
	t, now := d.record, time.Now().UTC()
	wait := r.Wait
	if wait == 0 {
		wait = t.Definition.Timeout
	}
	wait = max(wait, 0)
	if t.Status == cluster.Killed {
		t.Wait = min(t.Wait, now.Add(wait).Sub(t.KilledAt))
	} else {
		d.leave(programsOf(t.Next, t.Previous)...)
		t.Resume, t.Status, t.Next, t.KilledAt, t.Wait = t.Status, cluster.Killed, nil, now, wait
		t.Previous = nil
	}
	if err := l.putTopology(d, t); err != nil {
		return nil, err
	}
	if d.hurry != nil {
		d.hurry(l.patience(d))
	}
	l.log.Info("killed", zap.String("topology", t.Name), zap.String("id", t.ID), zap.Duration("wait", t.Wait))
	return &cluster.Empty{}, nil
}

// programsOf returns the programs of the swaps that are not nil.
func programsOf(swaps ...*cluster.Swap) (digests []string) {
	for _, s := range swaps {
		if s != nil {
			digests = append(digests, s.Program.Digest)
		}
	}
	return digests
}

// recall deletes the assignment: whatever supervisors still run of the topology they end now.
func (l *leader) recall(d *deployment) error {
	if err := l.delete(cluster.AssignmentPrefix + d.record.Name); err != nil {
		return err
	}
	delete(l.broken, cluster.AssignmentPrefix+d.record.Name)
	d.assigned, d.broken, d.left = nil, "", time.Now()
	l.changed()
	return nil
}

// remove deletes the last that is left of a killed topology. A leader that has taken over after the kill may not know all of its programs;
// those are removed by age.
func (l *leader) remove(d *deployment) error {
	if err := l.delete(cluster.TopologyPrefix + d.record.Name); err != nil {
		return err
	}
	delete(l.deployments, d.record.Name)
	l.changed()
	d.leave(d.record.Program.Digest)
	for digest := range d.programs {
		l.maybeDiscard(digest, 0)
	}
	l.log.Info("removed", zap.String("topology", d.record.Name), zap.String("id", d.record.ID))
	return nil
}

// activate lets spouts emit. Those of a generation that is being drained stay paused.
func (l *leader) activate(r *cluster.NameRequest) (any, error) {
	d, err := l.alive(r.Name)
	if err != nil {
		return nil, err
	}
	draining := d.record.Next != nil && d.current() != nil && d.draining()
	if d.assigned != nil && !d.assigned.Active && !draining {
		a := *d.assigned
		a.Active = true
		if err := l.putAssignment(d, a); err != nil {
			return nil, err
		}
	}
	return l.setStatus(d, cluster.Active)
}

// deactivate pauses spouts.
func (l *leader) deactivate(r *cluster.NameRequest) (any, error) {
	d, err := l.alive(r.Name)
	if err != nil {
		return nil, err
	}
	return l.setStatus(d, cluster.Inactive)
}

func (l *leader) setStatus(d *deployment, s cluster.Status) (any, error) {
	if d.record.Status == s {
		return &cluster.Empty{}, nil
	}
	t := d.record
	t.Status = s
	return &cluster.Empty{}, l.putTopology(d, t)
}

// alive returns the topology if it is neither killed nor at its end.
func (l *leader) alive(name string) (*deployment, error) {
	d, err := l.find(name)
	if err != nil {
		return nil, err
	}
	if d.record.Status != cluster.Active && d.record.Status != cluster.Inactive {
		return nil, notAlive(&d.record)
	}
	return d, nil
}

// find returns the topology of the name.
func (l *leader) find(name string) (*deployment, error) {
	if d := l.deployments[name]; d != nil {
		return d, nil
	}
	if why := l.broken[cluster.TopologyPrefix+name]; why != "" {
		return nil, unreadable(name, why)
	}
	return nil, cluster.Errorf(cluster.NotFound, "there is no topology %q", name).WithHint("`gale list` lists them")
}

func unreadable(name, why string) error {
	return cluster.Errorf(cluster.Conflict, "the record of topology %q is left alone: %s", name, why).
		WithHint("mend or delete the key %q of the NATS key-value bucket %q; the next leader reads it", cluster.TopologyPrefix+name, cluster.Bucket)
}
