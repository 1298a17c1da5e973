package nimbus

import (
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// take takes a step. An error is one of a write; see put.
func (l *leader) take(d *deployment, next step) error {
	a := cluster.Assignment{}
	if d.assigned != nil {
		a = *d.assigned
	}
	t := d.record
	switch next {
	case place:
		return l.place(d, a)
	case replace:
		return l.replace(d, a)
	case relocate:
		return l.relocate(d, a)
	case move:
		return l.move(d)
	case prepare:
		return l.prepare(d, a)
	case undo:
		return l.undo(d, d.failed(d.next(), time.Now(), &l.o))
	case goBack:
		return l.goBack(d)
	case trust:
		return l.trust(d)
	case settle:
		return l.settle(d)
	case drain:
		l.drain(d)
		return nil
	case recall:
		return l.recall(d)
	case remove:
		return l.remove(d)
	case drop:
		if t.Status == cluster.Killed {
			d.leave(a.Next.Program.Digest)
		}
		a.Next = nil
		return l.putAssignment(d, a)
	case mend:
		a.Active = t.Status == cluster.Active
		return l.putAssignment(d, a)
	case quell:
		a.Active, a.Draining = false, true
		return l.putAssignment(d, a)
	case promote:
		a.Current, a.Next, a.Active, a.Draining = a.Next, nil, t.Status == cluster.Active, false
		return l.putAssignment(d, a)
	case vacate:
		a.Current = nil
		return l.putAssignment(d, a)
	case conclude:
		t.Status = cluster.Finished
		return l.putTopology(d, t)
	case fail:
		t.Status, t.Message = cluster.Failed, short(d.fatal())
		return l.putTopology(d, t)
	}
	panic("nimbus: there is no step " + string(next))
}

// maxMessage bounds what a topology's record says to people, in bytes.
const maxMessage = 1 << 10

func short(message string) string { return cut(message, maxMessage) }

func cut(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}

// found notes whether a plan found room.
func (l *leader) found(d *deployment, problem string) bool {
	if problem != "" && problem != d.problem {
		l.log.Warn("no room", zap.String("topology", d.record.Name), zap.String("problem", problem))
	}
	d.problem, d.planned = problem, l.version
	return problem == ""
}

// place gives a topology that has no workers its first ones.
func (l *leader) place(d *deployment, a cluster.Assignment) error {
	g, problem := l.generation(d, wishOf(&d.record), d.record.Wanted, nil, time.Now())
	if !l.found(d, problem) {
		return nil
	}
	a.Current, a.Active = g, d.record.Status == cluster.Active
	return l.putAssignment(d, a)
}

// replace gives the tasks of lost workers of both generations to new ones, as far as there is room.
func (l *leader) replace(d *deployment, a cluster.Assignment) error {
	now, anew, problems := time.Now(), false, ""
	for _, g := range []**cluster.Generation{&a.Current, &a.Next} {
		if *g == nil || len(l.lost(*g, now)) == 0 {
			continue
		}
		with, problem := l.replacement(d, *g, now)
		anew, problems = anew || !sameWorkers(*g, with), joined(problems, problem)
		*g = with
	}
	l.found(d, problems)
	if !anew {
		return nil
	}
	err := l.putAssignment(d, a)
	d.nextSince = time.Now()
	d.planned = l.version // what was written is no news to this plan
	return err
}

func sameWorkers(a, b *cluster.Generation) bool {
	for _, w := range b.Workers {
		if a.Worker(w.ID) == nil {
			return false
		}
	}
	return len(a.Workers) == len(b.Workers)
}

// relocate tries a worker that crashes again and again elsewhere. If there is no other place it stays.
func (l *leader) relocate(d *deployment, a cluster.Assignment) error {
	w := l.restless(d, time.Now())
	with, problem := l.relocation(d, a.Current, w, time.Now())
	d.falls[w.ID] = falls{life: d.falls[w.ID].life}
	if !l.found(d, problem) {
		return nil
	}
	a.Current = with
	return l.putAssignment(d, a)
}
