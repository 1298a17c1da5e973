package nimbus

import (
	"time"

	"github.com/galestream/gale/cluster"
)

// replaceProgram swaps the program of a topology that is there; one that has come to an end begins anew.
func (l *leader) replaceProgram(r *cluster.SubmitRequest) (any, error) {
	name := r.Definition.Name
	d, err := l.find(name)
	if err != nil {
		return nil, err
	}
	if s := d.record.Status; (s == cluster.Finished || s == cluster.Failed) && d.current() == nil && d.broken == "" {
		return l.restart(d, r)
	}
	if _, err := l.swappable(name); err != nil {
		return nil, err
	}
	t := newTopology(r)
	swap := cluster.Swap{Definition: t.Definition, Program: t.Program, Workers: t.Workers, Parallelism: t.Parallelism, Reason: reasonReplace}
	if r.DryRun {
		return l.trial(d, t)
	}
	if err := l.checkProgram(&r.Program); err != nil {
		return nil, err
	}
	g, err := l.beginSwap(d, swap, d.current(), "")
	if err != nil {
		return nil, err
	}
	return l.submitted(d.record.ID, g.Number, g, &swap.Definition), nil
}

// trial plans t in the place of d.
func (l *leader) trial(d *deployment, t cluster.Topology) (any, error) {
	number := int(d.version()) + 1
	g, problem := l.generation(d, wishOf(&t), number, d.current(), time.Now())
	if problem != "" {
		return nil, l.noRoom(t.Name, problem)
	}
	return l.submitted("", number, g, &t.Definition), nil
}

// restart runs a topology that has come to an end again, under its id, with another program.
func (l *leader) restart(d *deployment, r *cluster.SubmitRequest) (any, error) {
	t := newTopology(r)
	t.ID, t.Submitted, t.Wanted = d.record.ID, d.record.Submitted, int(d.version())+1
	if r.DryRun {
		return l.trial(d, t)
	}
	if err := l.checkProgram(&r.Program); err != nil {
		return nil, err
	}
	g, problem := l.generation(d, wishOf(&t), t.Wanted, nil, time.Now())
	if problem != "" {
		return nil, l.noRoom(t.Name, problem)
	}
	a := cluster.Assignment{Active: t.Status == cluster.Active, Current: g}
	if err := l.fits(t, a); err != nil {
		return nil, err
	}
	if err := l.putTopology(d, t); err != nil {
		return nil, err
	}
	return l.submitted(t.ID, g.Number, g, &t.Definition), l.assign(d, a)
}
