package nimbus

import (
	"slices"
	"time"

	"github.com/galestream/gale/cluster"
)

// drainer brings the workers of a generation to rest and ends them, so that nothing is lost:
//
//   - spouts stop emitting, for good;
//   - it waits until nothing is under way;
//   - each bolt finishes, those upstream first, and it waits again after each;
//   - the workers are told to stop, and it waits until they are gone.
//
// Who doesn't answer what is no look is asked again. A worker that nobody answers for is away after awayTime, and not waited for; if it
// answers after all, it has missed what others were told, and all is begun again: who was told already has nothing to do.
//
// It is pure: next takes what the workers replied to the last round and returns the next.
type drainer struct {
	workers []string             // all that are told
	order   []string             // all bolts, in the order in which they finish
	bolts   []string             // that have yet to
	stage   stage                // what is being waited for
	silent  map[string]time.Time // since when nobody answers for a worker
	blank   map[string]bool      // workers without tasks
	away    map[string]bool      // workers that are not waited for
	asked   round                // the last request that was not a look, of those who have yet to answer it
	last    sums                 // of the last look
	equal   int                  // looks in a row that were at rest with the same sums
	looks   int                  // since the last request that was not a look
	until   time.Time            // when it stops waiting for workers to be gone
	faults  []string             // what workers could not do
}

type stage int

const (
	begun stage = iota
	resting
	leaving
)

// Limits of the drain.
const (
	awayTime     = 2 * time.Second       // without anybody who answers for it, after which a worker is not waited for: it may connect to NATS later than Nimbus
	looksToRest  = 2                     // equal looks after which all is at rest
	looksLoosely = 20                    // the same when sums don't match, because a worker is gone, or was started anew
	firstPause   = 5 * time.Millisecond  // before the first looks
	latePause    = 50 * time.Millisecond // before those after earlyLooks
	earlyLooks   = 20                    // looks that follow each other fast
	leaveTime    = 3 * time.Second       // that workers get to be gone
	maxFaults    = 10                    // that are kept
)

// sums are what all workers together have counted.
type sums struct {
	sent, taken, moved int64
	pending            int
}

// round is what the workers are asked next.
type round struct {
	pause   time.Duration // before it
	verb    string
	request cluster.ControlRequest // without the generation
	workers []string
}

// reply is what came of asking a worker.
type reply struct {
	worker   string
	gone     bool // nobody is there to answer; else without answered, none came in time
	answered bool
	cluster.ControlReply
}

// blank reports whether the worker has no tasks, and knows nothing of those that a former life had. Nobody fails the trees that these have
// lost: who was told to drain before it has opened its tasks never does, and others don't learn that it is a new life.
func (r reply) blank() bool { return r.answered && r.Report.Phase == cluster.Standby }

// newDrainer returns a drainer of the workers of g. With ended there is no spout left that could emit.
func newDrainer(g *cluster.Generation, d *cluster.Definition, ended bool) *drainer {
	workers := make([]string, len(g.Workers))
	for i, w := range g.Workers {
		workers[i] = w.ID
	}
	s := begun
	if ended {
		s = resting
	}
	order := boltsInOrder(d)
	return &drainer{workers: workers, stage: s, order: order, bolts: order, silent: map[string]time.Time{}, blank: map[string]bool{}, away: map[string]bool{}}
}

// boltsInOrder returns the bolts so that each comes after all that it receives from.
func boltsInOrder(d *cluster.Definition) (order []string) {
	seen := map[string]bool{}
	var visit func(c *cluster.Component)
	visit = func(c *cluster.Component) {
		if c == nil || seen[c.ID] {
			return
		}
		seen[c.ID] = true
		for _, in := range c.Inputs {
			visit(d.Component(in.Component))
		}
		if !c.Spout {
			order = append(order, c.ID)
		}
	}
	for i := range d.Components {
		visit(&d.Components[i])
	}
	return order
}

// next returns what the workers are to be asked next; false when all is done. over says that there is no more patience: what
// has not come to rest is stopped all the same.
func (d *drainer) next(now time.Time, replies []reply, over bool) (round, bool) {
	d.note(now, replies)
	switch {
	case d.stage == leaving:
		return d.look(), !d.left(replies) && now.Before(d.until)
	case over || len(d.there()) == 0:
		return d.stop(now), true
	case d.stage == begun:
		d.stage = resting
		return d.tell(cluster.ControlDeactivate, cluster.ControlRequest{Drain: true}), true
	case len(d.asked.workers) > 0:
		return round{pause: latePause, verb: d.asked.verb, request: d.asked.request, workers: slices.Clone(d.asked.workers)}, true
	case !d.rests(replies):
		return d.look(), true
	case len(d.bolts) == 0:
		return d.stop(now), true
	}
	return d.finish(), true
}

// note takes in what became of the last round.
func (d *drainer) note(now time.Time, replies []reply) {
	back := false
	for _, r := range replies {
		was := d.away[r.worker]
		d.hear(now, r)
		back = back || was && !d.away[r.worker]
		if r.Error != "" && len(d.faults) < maxFaults {
			d.faults = append(d.faults, "worker "+r.worker+": "+r.Error)
		}
	}
	d.asked.workers = slices.DeleteFunc(d.asked.workers, func(w string) bool { return d.away[w] })
	if back && d.stage == resting {
		d.stage, d.bolts, d.asked = begun, d.order, round{}
	}
}

// hear notes whether a worker is there, and that it has been told what it has answered.
func (d *drainer) hear(now time.Time, r reply) {
	if !r.gone {
		delete(d.silent, r.worker)
	} else if _, known := d.silent[r.worker]; !known {
		d.silent[r.worker] = now
	}
	if r.answered {
		d.blank[r.worker] = r.blank()
		if d.looks == 0 {
			d.asked.workers = slices.DeleteFunc(d.asked.workers, func(w string) bool { return w == r.worker })
		}
	}
	since, silent := d.silent[r.worker]
	d.away[r.worker] = d.blank[r.worker] || silent && now.Sub(since) >= awayTime
}

// tell has all workers do something.
func (d *drainer) tell(verb string, request cluster.ControlRequest) round {
	d.equal, d.looks = 0, 0
	d.asked = round{verb: verb, request: request, workers: slices.Clone(d.workers)}
	return round{verb: verb, request: request, workers: d.workers}
}

// look asks all how they fare, those that are away, too.
func (d *drainer) look() round {
	d.looks++
	pause := firstPause
	if d.looks > earlyLooks {
		pause = latePause
	}
	return round{pause: pause, verb: cluster.ControlStatus, workers: d.workers}
}

func (d *drainer) there() []string {
	return slices.DeleteFunc(slices.Clone(d.workers), func(w string) bool { return d.away[w] })
}

func (d *drainer) finish() round {
	bolt := d.bolts[0]
	d.bolts = d.bolts[1:]
	return d.tell(cluster.ControlFinish, cluster.ControlRequest{Component: bolt})
}

func (d *drainer) stop(now time.Time) round {
	d.stage, d.looks, d.until = leaving, 0, now.Add(leaveTime)
	return round{verb: cluster.ControlStop, workers: d.workers}
}

// rests reports whether nothing is under way, as of this look and the ones before.
func (d *drainer) rests(replies []reply) bool {
	if d.looks == 0 { // these answer another request, and may have been true before it
		return false
	}
	now, atRest := d.sum(replies)
	if !atRest || now != d.last {
		d.equal = 0
	}
	d.last = now
	if !atRest {
		return false
	}
	d.equal++
	if now.sent != now.taken || d.anyGone() {
		return d.equal >= looksLoosely
	}
	return d.equal >= looksToRest
}

// sum adds up what the workers said, and reports whether they may be at rest: all sleep, and every tree is complete, or some bolt
// holds tuples, whose Finish may settle it. Else the trees that are left have lost a tuple, and their spouts are given the
// time to see it. Trees that went through a worker that is gone are not waited for.
func (d *drainer) sum(replies []reply) (s sums, atRest bool) {
	holding, quiet := false, true
	for _, r := range replies {
		if d.away[r.worker] {
			continue
		}
		p := r.Report.Progress
		s.sent, s.taken, s.moved, s.pending = s.sent+p.Sent, s.taken+p.Taken, s.moved+p.Moved, s.pending+p.Pending
		holding = holding || p.Holding
		quiet = quiet && r.answered && p.Quiet && p.SourcesOver
	}
	return s, quiet && (s.pending == 0 || holding || d.anyGone())
}

func (d *drainer) anyGone() bool { return len(d.there()) < len(d.workers) }

// left reports whether all workers are gone, or about to be.
func (d *drainer) left(replies []reply) bool {
	if d.looks == 0 { // these answer the request to stop
		return false
	}
	for _, r := range replies {
		if !r.gone && (!r.answered || r.Report.Phase != cluster.Stopped) {
			return false
		}
	}
	return true
}
