package nimbus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// put writes a record. A [*cluster.Error] says that it was not written; after any other the outcome is not known, and
// the leadership must end.
func (l *leader) put(key string, record any) error {
	ctx, cancel := context.WithTimeout(l.ctx, storeTime)
	defer cancel()
	_, err := l.writer.Put(ctx, key, record)
	return refused(err)
}

func (l *leader) delete(key string) error {
	ctx, cancel := context.WithTimeout(l.ctx, storeTime)
	defer cancel()
	return refused(l.writer.Delete(ctx, key))
}

// refused makes a [*cluster.Error] of an error by which the server says that it has not written, for a reason
// that is not the epoch.
func refused(err error) error {
	if api := new(jetstream.APIError); errors.As(err, &api) {
		return cluster.Errorf(cluster.Unavailable, "NATS refuses: %v", err).WithHint("look at the NATS server's log, and at its disk")
	}
	return err
}

func (l *leader) putTopology(d *deployment, record cluster.Topology) error {
	record.Epoch = l.writer.Epoch()
	if err := l.put(cluster.TopologyPrefix+record.Name, record); err != nil {
		return err
	}
	d.record = record
	l.changed()
	return nil
}

func (l *leader) putAssignment(d *deployment, a cluster.Assignment) error {
	a.Topology, a.ID, a.Epoch, a.Version = d.record.Name, d.record.ID, l.writer.Epoch(), d.version()+1
	if err := l.put(cluster.AssignmentPrefix+a.Topology, a); err != nil {
		return err
	}
	d.assigned = &a
	d.forget()
	l.changed()
	return nil
}

// assign writes the assignment that goes with a topology's record that was just written. By that the request is accepted: if the server refuses
// the assignment, a step writes one later.
func (l *leader) assign(d *deployment, a cluster.Assignment) error {
	err := l.putAssignment(d, a)
	if err == nil {
		return nil
	}
	return l.tolerate(err, "can't place a topology yet", zap.String("topology", d.record.Name))
}

func (l *leader) putSupervisor(v *supervisor, record cluster.Supervisor) error {
	record.Epoch = l.writer.Epoch()
	if err := l.put(cluster.SupervisorPrefix+record.ID, record); err != nil {
		return err
	}
	v.record, v.stored = record, true
	l.changed()
	return nil
}
