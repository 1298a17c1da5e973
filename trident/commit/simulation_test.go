package commit

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSchedulesOfFaults simulates a topology under faults of every kind, and then without: the committed state must always be
// that of an oracle, and everything must be committed in the end.
func TestSchedulesOfFaults(t *testing.T) {
	seed := testSeed()
	var seen tally
	schedules := *schedulesFlag
	if testing.Short() {
		schedules = min(schedules, 300)
	}
	for i := range schedules {
		w, err := simulate(seed+uint64(i), breakage{})
		require.NoError(t, err, "run again with -seed=%d -schedules=1", seed+uint64(i))
		seen.add(w.tally)
	}
	t.Logf("seed %d: %+v", seed, seen)
}

// bound is how long it may take until all is committed, once faults have ceased and the last record has come.
const bound = 15 * time.Second

func simulate(seed uint64, b breakage) (*world, error) {
	w := newWorld(seed, b)
	until := max(w.calm, time.Duration(w.records)*20*time.Millisecond, 3300*time.Millisecond) + bound
	if !w.run(until, w.done) && w.problem == nil {
		w.wrong("not all is committed in time: %s", w.left())
	}
	w.checkSilence()
	return w, w.problem
}

// done reports whether all is committed, and the coordinator knows, and knows of no other.
func (w *world) done() bool {
	return !w.faulty && w.log.leader() == w.current.id && w.current.ended && !w.current.dead && w.allCommitted() && w.allHeard()
}

func (w *world) allCommitted() bool {
	for part := range w.parts() {
		if decodePosition(w.log.last.Positions[partName(part)]) != w.records {
			return false
		}
	}
	for _, p := range w.current.tasks.partitions {
		if w.log.last.Time < p.wakeAt {
			return false
		}
	}
	return true
}

// allHeard reports whether all partitions show the last commit, when that is promised.
func (w *world) allHeard() bool {
	for _, p := range w.current.tasks.partitions {
		if w.opt.Confirm && p.txid != w.log.last.TxID {
			return false
		}
	}
	return true
}

func (w *world) left() string {
	return fmt.Sprintf("ended %v, txid %d, all committed %v, all heard %v, %d fences", w.current.ended, w.log.last.TxID, w.allCommitted(), w.allHeard(),
		len(w.log.fences))
}

// checkSilence lets time pass in which nothing is to be done.
func (w *world) checkSilence() {
	w.run(w.now+3*time.Second, func() bool { return false }) // what is still under way, also the fence of one that has ended
	h, busy, fences := w.current, w.current.busy, len(w.log.fences)
	w.run(w.now+10*time.Second, func() bool { return false })
	if h.busy != busy && len(w.log.fences) == fences {
		w.wrong("%d batches or fences without a reason", h.busy-busy)
	}
}
