package trident

import (
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/commit"
)

// figures are a coordinator's metrics: what tells of batches, where the runtime counts packets.
type figures struct {
	batches  *topology.Counter  // that were committed
	records  *topology.Counter  // of the sources, in them
	attempts *topology.Counter  // that were begun: one, and one for each failure
	commit   topology.Histogram // nanoseconds from a batch's beginning to its commit

	last    commit.Record
	begun   bool                      // last is of this life
	emitted map[commit.TxID]time.Time // what is in flight
}

func newFigures(tc *topology.Context) *figures {
	return &figures{
		batches: tc.Counter("batches"), records: tc.Counter("records"), attempts: tc.Counter("attempts"), commit: tc.Histogram("commit.latency"),
		emitted: map[commit.TxID]time.Time{},
	}
}

// attempt notes that an attempt begins. What was in flight is void, but may have been committed in the end.
func (f *figures) attempt(last commit.Record, now time.Time) {
	f.attempts.Add(1)
	if f.begun {
		f.committed(last, now)
	}
	f.begun, f.last = true, last
	clear(f.emitted)
}

func (f *figures) emit(txid commit.TxID, now time.Time) { f.emitted[txid] = now }

// committed notes the last commit, which may be the same as before.
func (f *figures) committed(r commit.Record, now time.Time) {
	if r.TxID <= f.last.TxID {
		return
	}
	for txid := f.last.TxID + 1; txid <= r.TxID; txid++ {
		if at, ok := f.emitted[txid]; ok {
			f.commit.Record(int64(now.Sub(at)))
			delete(f.emitted, txid)
		}
	}
	f.batches.Add(int64(r.TxID - f.last.TxID))
	f.records.Add(int64(r.Records - f.last.Records))
	f.last = r
}
