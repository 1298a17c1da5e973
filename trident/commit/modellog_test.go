package commit

import (
	"cmp"
	"maps"
	"reflect"
	"strconv"
)

// modelLog is the log with the semantics that the design gives it, and at the same time the fold of its records: what is
// committed. Each commit is checked against the oracle.
type modelLog struct {
	w        *world
	oracle   oracle
	sequence uint64
	fences   []fence
	last     Record
	lastAt   uint64
	staged   map[batchID]map[int]delta // by state partition
	values   map[int]value             // committed
	commits  map[TxID]map[string][]byte
}

type fence struct {
	attempt Attempt
	host    int // the coordinator that fenced, 0 for a partition
}

type batchID struct {
	txid    TxID
	attempt Attempt
}

// delta holds absolute values by key.
type delta map[int]value

func newModelLog(w *world) *modelLog {
	return &modelLog{
		w: w, oracle: newOracle(w), sequence: uint64(w.below(100)), staged: map[batchID]map[int]delta{}, values: map[int]value{},
		commits: map[TxID]map[string][]byte{0: {}},
	}
}

func (l *modelLog) fence(host int) Attempt {
	l.sequence++
	l.w.tally.fences++
	l.fences = append(l.fences, fence{attempt: Attempt(l.sequence), host: host})
	return Attempt(l.sequence)
}

// fencedOut reports whether another coordinator has fenced after an attempt.
func (l *modelLog) fencedOut(after Attempt, host int) bool {
	for i := len(l.fences) - 1; i >= 0 && l.fences[i].attempt > after; i-- {
		if by := l.fences[i].host; by != 0 && by != host {
			return true
		}
	}
	return false
}

// leader returns the coordinator that has fenced last, 0 for none.
func (l *modelLog) leader() (host int) {
	for _, f := range l.fences {
		host = cmp.Or(f.host, host)
	}
	return host
}

// takes reports whether an append with the attempt is not refused.
func (l *modelLog) takes(attempt Attempt) bool {
	if attempt == l.fences[len(l.fences)-1].attempt || l.w.broken.noCompare {
		l.sequence++
		return true
	}
	l.w.tally.refused++
	return false
}

func (l *modelLog) stage(id batchID, partition int, d delta) bool {
	if !l.takes(id.attempt) {
		return false
	}
	if l.staged[id] == nil {
		l.staged[id] = map[int]delta{}
	}
	if former, twice := l.staged[id][partition]; twice && !reflect.DeepEqual(former, d) {
		l.w.wrong("partition %d has staged two different deltas for %v", partition, id)
	}
	l.staged[id][partition] = d
	return true
}

func (l *modelLog) commit(r Record) (sequence uint64, ok bool) {
	if !l.takes(r.Attempt) {
		return 0, false
	}
	l.w.tally.commits++
	if r.TxID > l.last.TxID+1 {
		l.w.tally.merged++
	}
	if r.TxID <= l.last.TxID {
		l.w.wrong("a record commits txid %d, which txid %d was committed before", r.TxID, l.last.TxID)
	}
	for txid := l.last.TxID + 1; txid <= r.TxID; txid++ {
		l.fold(batchID{txid, r.Attempt})
	}
	l.check(r)
	l.last, l.lastAt, l.commits[r.TxID] = r, l.sequence, r.Positions
	return l.sequence, true
}

func (l *modelLog) fold(id batchID) {
	for p := range l.w.partitions {
		d, ok := l.staged[id][p]
		if !ok {
			l.w.wrong("batch %v is committed, partition %d has not staged it", id, p)
		}
		maps.Copy(l.values, d)
	}
}

func (l *modelLog) check(r Record) {
	l.oracle.check("the log", r.TxID, l.values, r.Positions, func(int) bool { return true })
	var n uint64
	for _, p := range r.Positions {
		n += uint64(decodePosition(p))
	}
	if n != r.Records {
		l.w.wrong("the record of txid %d says %d records, its positions %d", r.TxID, r.Records, n)
	}
	if r.Time < l.last.Time || string(r.Meta) != "m" {
		l.w.wrong("the record of txid %d has time %d and meta %q; the last one's time is %d", r.TxID, r.Time, r.Meta, l.last.Time)
	}
}

func encodePosition(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

func decodePosition(b []byte) int {
	n, _ := strconv.Atoi(string(b))
	return n
}
