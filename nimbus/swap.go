package nimbus

import (
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/galestream/gale/cluster"
)

// Reasons of swaps.
const (
	reasonRebalance = "rebalance"
	reasonReplace   = "replace"
	reasonReturn    = "return" // to what ran before a swap whose generation could not run
)

// rebalance begins a swap to another number of workers, another parallelism, or other places.
func (l *leader) rebalance(r *cluster.RebalanceRequest) (any, error) {
	d, err := l.swappable(r.Name)
	if err != nil {
		return nil, err
	}
	if err := r.ValidateFor(&d.record.Definition); err != nil {
		return nil, err
	}
	t := d.record
	swap := cluster.Swap{Definition: t.Definition, Program: t.Program, Workers: t.Workers, Parallelism: overlay(t.Parallelism, r.Parallelism), Reason: reasonRebalance}
	if r.Workers > 0 {
		swap.Workers = r.Workers
	}
	near := d.current()
	if r.Spread {
		near = nil
	}
	g, err := l.beginSwap(d, swap, near, "")
	if err != nil {
		return nil, err
	}
	return &cluster.RebalanceResponse{Generation: g.Number, Placement: l.placement(g, &swap.Definition)}, nil
}

func overlay(below, above map[string]int) map[string]int {
	both := map[string]int{}
	for _, m := range []map[string]int{below, above} {
		for id, n := range m {
			both[id] = n
		}
	}
	return both
}

// swappable returns the topology if a swap may begin.
func (l *leader) swappable(name string) (*deployment, error) {
	d, err := l.find(name)
	if err != nil {
		return nil, err
	}
	switch {
	case d.record.Status != cluster.Active && d.record.Status != cluster.Inactive:
		return nil, notAlive(&d.record)
	case d.record.Next != nil:
		return nil, cluster.Errorf(cluster.Conflict, "topology %q is being changed already: generation %d is about to run", name, d.record.Wanted).WithHint("wait until `gale describe %s` shows that it runs", name)
	case d.current() == nil:
		return nil, cluster.Errorf(cluster.Conflict, "topology %q does not run: %s%s", name, d.broken, d.problem).
			WithHint("wait until `gale describe %s` shows that it runs; `gale status` shows what there is no room for", name)
	}
	return d, nil
}

// notAlive says that a topology is killed, or at its end, and what can be done then.
func notAlive(t *cluster.Topology) error {
	hint := fmt.Sprintf("`gale submit PATH --replace` runs it again, `gale kill %s` removes it", t.Name)
	if t.Status == cluster.Killed {
		hint = "when it is gone, which `gale list` shows, it can be submitted again"
	}
	return cluster.Errorf(cluster.Conflict, "topology %q is %s", t.Name, t.Status).WithHint("%s", hint)
}

// beginSwap records a swap, what is to be said of it, and its workers, once there is room for them. Its number is that of the next version of the assignment,
// so that none is ever used twice.
func (l *leader) beginSwap(d *deployment, swap cluster.Swap, near *cluster.Generation, message string) (*cluster.Generation, error) {
	swap.Since = time.Now().UTC()
	t := d.record
	t.Next, t.Wanted, t.Message = &swap, int(d.version())+1, message
	if swap.Reason == reasonReturn {
		t.Previous, t.Reverted = nil, d.current().Number
	}
	g, problem := l.generation(d, wishOf(&t), t.Wanted, near, time.Now())
	if problem != "" {
		return nil, cluster.Errorf(cluster.NoRoom, "there is no room for the new workers of %q: %s", t.Name, problem).WithHint("%s", l.roomHint())
	}
	a := *d.assigned
	a.Next = g
	if err := l.fits(t, a); err != nil {
		return nil, err
	}
	if err := l.putTopology(d, t); err != nil {
		return nil, err
	}
	d.nextSince = time.Now()
	l.log.Info("swap begins", zap.String("topology", t.Name), zap.String("reason", swap.Reason), zap.Int("generation", t.Wanted))
	return g, l.assign(d, a)
}

// move begins a swap that takes workers away from supervisors that are drained or unhealthy.
func (l *leader) move(d *deployment) error {
	swap := former(&d.record)
	swap.Reason = reasonRebalance
	_, err := l.beginSwap(d, swap, d.current(), "")
	return l.begun(d, err)
}

// begun notes whether there was room for a swap that nobody has asked for.
func (l *leader) begun(d *deployment, err error) error {
	switch {
	case err == nil:
		l.found(d, "")
	case cluster.CodeOf(err) == cluster.NoRoom, cluster.CodeOf(err) == cluster.Invalid:
		l.found(d, err.Error())
		return nil
	}
	return err
}

// prepare writes the next generation of a swap whose leader ended before it could, as soon as there is room.
func (l *leader) prepare(d *deployment, a cluster.Assignment) error {
	g, problem := l.generation(d, wishOf(&d.record), d.record.Wanted, d.current(), time.Now())
	if !l.found(d, problem) {
		return nil
	}
	a.Next = g
	d.nextSince = time.Now()
	return l.putAssignment(d, a)
}

// undo records that the swap is not to be: the current generation goes on as if nothing had been.
func (l *leader) undo(d *deployment, reason string) error {
	t := d.record
	t.Message = short(joined(fmt.Sprintf("the %s was undone: %s", t.Next.Reason, reason), t.Message))
	t.Next, t.Wanted = nil, d.current().Number
	d.nextSince = time.Now() // whatever runs may be on trial itself
	d.noMove = time.Now().Add(moveBackoff)
	l.log.Warn("swap is undone", zap.String("topology", t.Name), zap.String("reason", reason))
	return l.putTopology(d, t)
}

// settle records that what the swap brought is what the topology is now, and what it was, to go back to. What a change to a
// generation that is on trial itself goes back to is what ran before that.
func (l *leader) settle(d *deployment) error {
	t := d.record
	if t.Previous == nil && t.Next.Reason != reasonReturn {
		before := former(&t)
		before.Reason, before.Since = t.Next.Reason, time.Now().UTC()
		t.Previous = &before
	}
	d.nextSince = time.Now()
	t.Definition, t.Program, t.Workers, t.Parallelism, t.Next = t.Next.Definition, t.Next.Program, t.Next.Workers, t.Next.Parallelism, nil
	l.log.Info("swap is done", zap.String("topology", t.Name), zap.Int("generation", t.Wanted))
	return l.putTopology(d, t)
}

// drainSupervisor has the workers of a supervisor move away, and no new ones come; or takes that back.
func (l *leader) drainSupervisor(r *cluster.DrainRequest) (any, error) {
	v := l.supervisors[r.Supervisor]
	if v == nil {
		return nil, cluster.Errorf(cluster.NotFound, "there is no supervisor %q", r.Supervisor).WithHint("`gale supervisors` lists them")
	}
	if why := l.broken[cluster.SupervisorPrefix+r.Supervisor]; why != "" {
		return nil, cluster.Errorf(cluster.Conflict, "the record of supervisor %q is left alone: %s", r.Supervisor, why).WithHint("`gale status` shows what is wrong with records")
	}
	record := v.record
	record.Drained = !r.Undo
	return &cluster.Empty{}, l.putSupervisor(v, record)
}
