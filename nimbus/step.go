package nimbus

import (
	"time"

	"github.com/galestream/gale/cluster"
)

// step is what is to be done next for a topology.
type step string

// The steps. Each brings the records nearer to what they should be, and may be taken again by the next leader, should this one
// not get to its end.
const (
	rest     step = "rest"     // nothing: all is as it should be, or something is waited for
	place    step = "place"    // write a first generation
	replace  step = "replace"  // give the tasks of lost workers to new ones
	move     step = "move"     // begin a swap: workers are where none should be
	drop     step = "drop"     // write that there is no next generation any more
	relocate step = "relocate" // give the tasks of a worker that crashes again and again to one elsewhere
	mend     step = "mend"     // write whether spouts may emit
	quell    step = "quell"    // write that the current generation is being drained, and that spouts may not emit, whatever the topology's status
	prepare  step = "prepare"  // write the next generation, whose processes are then started
	drain    step = "drain"    // have the workers of the current generation come to rest and end
	promote  step = "promote"  // write that the next generation is the current one
	settle   step = "settle"   // write that the swap is done
	undo     step = "undo"     // write that the swap is not to be
	trust    step = "trust"    // write that what a swap has brought runs
	goBack   step = "goBack"   // begin a swap to what ran before the last
	conclude step = "conclude" // write that all sources have ended
	fail     step = "fail"     // write that it has failed
	vacate   step = "vacate"   // write that it has no workers any more
	recall   step = "recall"   // delete the assignment
	remove   step = "remove"   // delete the topology's record
)

// next returns the next step. It changes nothing.
func (s *state) next(d *deployment, now time.Time) step {
	switch {
	case d.record.Status == cluster.Killed:
		return s.nextOfKilled(d, now)
	case d.broken != "":
		return rest
	case d.record.Status == cluster.Finished || d.record.Status == cluster.Failed:
		return s.nextOfEnded(d)
	case d.record.Next != nil:
		return s.nextOfSwap(d, now)
	}
	return s.nextOfRunning(d, now)
}

func (s *state) nextOfKilled(d *deployment, now time.Time) step {
	switch {
	case d.broken != "":
		return recall
	case d.assigned == nil && s.gone(d, now):
		return remove
	case d.assigned == nil || d.drains != 0:
		return rest
	case d.assigned.Next != nil:
		return drop
	case d.assigned.Active:
		return mend
	case d.current() == nil || d.drained == d.current().Number:
		return recall
	}
	return drain
}

func (s *state) nextOfEnded(d *deployment) step {
	switch {
	case d.assigned == nil || d.drains != 0:
		return rest
	case d.assigned.Next != nil:
		return drop
	case d.current() == nil:
		return rest
	case d.assigned.Active:
		return mend
	case d.drained == d.current().Number:
		return vacate
	}
	return drain
}

func (s *state) nextOfRunning(d *deployment, now time.Time) step {
	switch {
	case d.current() == nil:
		return s.ifChanged(d, place)
	case d.assigned.Next != nil:
		return drop
	case d.record.Previous != nil:
		return s.nextOfTrial(d, now)
	case d.fatal() != "":
		return fail
	case d.over(now):
		return conclude
	case d.assigned.Active != (d.record.Status == cluster.Active):
		return mend
	case len(s.lost(d.current(), now)) > 0:
		return s.ifChanged(d, replace)
	case s.restless(d, now) != nil:
		return s.ifChanged(d, relocate)
	case s.misplaced(d) && now.After(d.noMove):
		return s.ifChanged(d, move)
	}
	return rest
}

// nextOfSwap: until the drain begins the current generation runs on, and all can be undone. From then on there is no way back. A drain
// begins with a record of that, so that the next leader knows, and a worker that crashes meanwhile does not come back emitting.
func (s *state) nextOfSwap(d *deployment, now time.Time) step {
	switch {
	case d.current() == nil:
		return settle
	case d.current().Number == d.record.Wanted:
		return settle
	case d.next() == nil || d.next().Number != d.record.Wanted:
		if d.failed(d.next(), now, &s.o) != "" {
			return undo
		}
		return s.ifChanged(d, prepare)
	case d.drains != 0:
		return rest
	case d.drained == d.current().Number:
		return promote
	case !d.draining() && d.failed(d.next(), now, &s.o) != "":
		return undo
	case d.draining():
		return drain
	case s.bereft(d, now) && s.ifChanged(d, replace) == replace:
		return replace
	case d.ready(now):
		return quell
	case d.assigned.Active != (d.record.Status == cluster.Active):
		return mend
	}
	return rest
}

// bereft reports whether a worker of either generation is lost: until the drain begins what runs is to run on.
func (s *state) bereft(d *deployment, now time.Time) bool {
	return len(s.lost(d.next(), now)) > 0 || len(s.lost(d.current(), now)) > 0
}

// ifChanged lets a plan that found no room be made again only when something has changed since.
func (s *state) ifChanged(d *deployment, next step) step {
	if d.problem != "" && d.planned == s.version {
		return rest
	}
	return next
}
