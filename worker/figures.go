package worker

import (
	"sync"

	"github.com/galestream/gale/topology"
)

// Counts are what a task has counted since it began. They are exact.
type Counts struct {
	Emitted      int64 `json:"emitted"`       // emits, whatever became of them
	Transferred  int64 `json:"transferred"`   // tuples sent to tasks: an emit may be sent to none or to many
	Executed     int64 `json:"executed"`      // bolt: calls of Execute with a tuple, those of a retry policy included
	Acked        int64 `json:"acked"`         // bolt: tuples acked; spout: trees completed
	Failed       int64 `json:"failed"`        // bolt: tuples failed; spout: trees failed by a tuple or an emit
	TimedOut     int64 `json:"timed_out"`     // spout: trees that did not complete in time
	Errors       int64 `json:"errors"`        // calls of the component's code that returned an error or panicked
	Restarted    int64 `json:"restarted"`     // instances that were replaced after a panic
	Retried      int64 `json:"retried"`       // attempts beyond the first by a retry policy
	DeadLetters  int64 `json:"dead_letters"`  // tuples that a retry policy has given up
	Refused      int64 `json:"refused"`       // emits that could not be done
	Misused      int64 `json:"misused"`       // acks and fails that were mistakes of the bolt
	LateAcks     int64 `json:"late_acks"`     // acks of trees that had ended before
	Ticks        int64 `json:"ticks"`         // ticks delivered
	LostMail     int64 `json:"lost_mail"`     // mails to the task, and from it to tasks of other workers, that were dropped
	IdleNanos    int64 `json:"idle_nanos"`    // nanoseconds asleep with nothing to do
	BlockedNanos int64 `json:"blocked_nanos"` // nanoseconds of waiting for room downstream, or for pending trees
}

// Add returns the sums.
func (c Counts) Add(o Counts) Counts {
	return Counts{
		Emitted: c.Emitted + o.Emitted, Transferred: c.Transferred + o.Transferred, Executed: c.Executed + o.Executed,
		Acked: c.Acked + o.Acked, Failed: c.Failed + o.Failed, TimedOut: c.TimedOut + o.TimedOut, Errors: c.Errors + o.Errors,
		Restarted: c.Restarted + o.Restarted, Retried: c.Retried + o.Retried, DeadLetters: c.DeadLetters + o.DeadLetters,
		Refused: c.Refused + o.Refused, Misused: c.Misused + o.Misused, LateAcks: c.LateAcks + o.LateAcks, Ticks: c.Ticks + o.Ticks, LostMail: c.LostMail + o.LostMail,
		IdleNanos: c.IdleNanos + o.IdleNanos, BlockedNanos: c.BlockedNanos + o.BlockedNanos,
	}
}

// figures are a task's own counts, plain numbers that its goroutine alone changes, and their
// published copy, which others read.
type figures struct {
	executed, acked, failed, timedOut, errors, restarted int64
	retried, dead, refused, misused, late, ticks         int64
	idle, blocked                                        int64

	execute  *Histogram // of one call; spouts: of one chunk of Next calls
	process  *Histogram // bolts: from a tuple's slab being handed over to the ack
	complete *Histogram // spouts: from the emit of a root to its Ack

	published struct {
		sync.Mutex
		counts  Counts
		asleep  since // the owner has nothing to do
		blocked since // the owner waits for room
		pending int
		passed  [][]int64 // by exit and route
		emitted []int64   // by exit
	}
	own ownMetrics
}

func (f *figures) init(c *topology.Component) {
	f.execute = NewHistogram()
	if c.IsSpout() {
		f.complete = NewHistogram()
	} else {
		f.process = NewHistogram()
	}
}

func (f *figures) counts() Counts {
	return Counts{
		Executed: f.executed, Acked: f.acked, Failed: f.failed, TimedOut: f.timedOut, Errors: f.errors, Restarted: f.restarted,
		Retried: f.retried, DeadLetters: f.dead, Refused: f.refused, Misused: f.misused, LateAcks: f.late, Ticks: f.ticks,
		IdleNanos: f.idle, BlockedNanos: f.blocked,
	}
}

// publish copies the figures for others to read, once a chunk.
func (t *task) publish() {
	c := t.figures.counts()
	p := &t.figures.published
	p.Lock()
	for i := range t.exits {
		x := &t.exits[i]
		c.Emitted += x.emitted
		for j := range x.routes {
			c.Transferred += x.routes[j].passed
			p.passed[i][j] = x.routes[j].passed
		}
	}
	p.counts = c
	p.Unlock()
}

// since is when something began, in the runtime's nanoseconds; 0: it is not so now.
type since int64

func (s since) until(now int64) int64 {
	if s == 0 {
		return 0
	}
	return max(now-int64(s), 0)
}

// waits tells readers since when the owner sleeps or is blocked, and with 0 that it does not. What it
// has waited is published with that, so that readers never see a sum go back.
func (f *figures) waits(asleep, blocked since) {
	p := &f.published
	p.Lock()
	p.asleep, p.blocked = asleep, blocked
	p.counts.IdleNanos, p.counts.BlockedNanos = f.idle, f.blocked
	p.Unlock()
}

// publish adds what only bolts have.
func (t *boltTask) publish() {
	t.task.publish()
	if holding := len(t.held) > 0; holding != t.holding.Load() {
		t.holding.Store(holding)
	}
}

// publish adds what only spouts have.
func (t *spoutTask) publish() {
	t.task.publish()
	p := &t.figures.published
	p.Lock()
	p.pending = t.ledger.Pending()
	p.Unlock()
}
