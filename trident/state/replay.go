package state

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/galestream/gale/trident/changelog"
)

// replay is a recovery's way through the log.
type replay struct {
	p         *Partition
	first     uint64         // the log's floor
	committed uint64         // the txid of its last commit
	from      uint64         // where reading begins
	done      [Groups]uint64 // through which txid each group is folded already
	low       uint64         // the lowest of them, of the partition's groups
	time      int64          // of the newest batch that was seen
	bytes     int64          // of changes
	pending   map[batchPart]*pieces
}

// batchPart is what one partition staged for a batch: the partition is one of those that were there then.
type batchPart struct {
	txid, attempt         uint64
	partition, partitions int
}

// pieces are its records.
type pieces struct {
	time     int64
	bodies   [][]byte // nil: not seen
	sequence uint64   // of the first that was seen
}

// begin decides from where the log is read: the store's point when it can go on from there, otherwise that of the snapshots, which are loaded.
func (r *replay) begin(ctx context.Context, names []string, last uint64) (err error) {
	p := r.p
	if p.cycle.birth, err = p.born(ctx, names, r.first, last); err != nil {
		return err
	}
	at := p.store.Point()
	if at.Origin == p.origin() && at.TxID <= r.committed && at.Base >= r.first {
		r.from, r.low, r.time = at.Base, at.TxID, at.Time
		r.fill(at.TxID)
		return nil
	}
	if err := p.store.Reset(); err != nil {
		return err
	}
	return r.load(ctx, names)
}

func (r *replay) fill(txid uint64) {
	for g := range r.done {
		r.done[g] = txid
	}
}

// record takes the log's next record.
func (r *replay) record(c changelog.Record) error {
	switch c.Kind {
	case changelog.Fence:
		clear(r.pending) // nothing of an attempt is committed after the next fence
	case changelog.Staged:
		return r.stage(c)
	case changelog.Commit:
		return r.commit(c)
	}
	return nil
}

func (r *replay) stage(c changelog.Record) error {
	if len(c.Payload) == 0 || c.Payload[0] != Form {
		return nil // not of a state
	}
	d, err := decodeDelta(c.Payload)
	if err != nil {
		return r.p.badRecord(c.Sequence, err.Error())
	}
	if d.state != r.p.o.Name || d.txid <= r.low || !owned(d.partition, d.partitions).meets(r.p.groups) {
		return nil
	}
	return r.keep(c, d)
}

// keep holds a record back until its batch is committed. The log may have one twice, because an answer was lost: the first counts.
func (r *replay) keep(c changelog.Record, d delta) error {
	key := batchPart{d.txid, c.Attempt, d.partition, d.partitions}
	s := r.pending[key]
	if s == nil {
		s = &pieces{time: d.time, bodies: make([][]byte, d.parts), sequence: c.Sequence}
		r.pending[key] = s
	}
	switch {
	case len(s.bodies) != d.parts || s.time != d.time || s.bodies[d.part] != nil && !bytes.Equal(s.bodies[d.part], d.body):
		return r.p.badRecord(c.Sequence, fmt.Sprintf("it contradicts record %d of the same batch", s.sequence))
	case s.bodies[d.part] == nil:
		s.bodies[d.part] = append([]byte{}, d.body...)
	}
	return nil
}

// commit folds what was staged for the batches that are committed now, and drops what other attempts had staged for them.
func (r *replay) commit(c changelog.Record) error {
	txid, attempt, err := r.p.o.Commit(c.Payload)
	if err != nil {
		return r.p.badRecord(c.Sequence, err.Error())
	}
	var changes []change
	for _, key := range slices.SortedFunc(maps.Keys(r.pending), func(a, b batchPart) int { return cmp.Compare(a.txid, b.txid) }) {
		s := r.pending[key]
		if key.txid > txid {
			continue
		}
		delete(r.pending, key)
		if key.attempt != attempt {
			continue
		}
		found, err := r.assemble(key, s)
		if err != nil {
			return err
		}
		changes = append(changes, found)
		r.time = max(r.time, s.time)
	}
	if len(changes) == 0 {
		return nil
	}
	return r.p.store.Apply(r.p.store.Point(), r.own(changes))
}

// change is a batch's whole body, checked.
type change struct {
	txid uint64
	time int64
	body []byte
	text string // the body too, so that a key need not be copied to be a string
}

func (r *replay) assemble(key batchPart, s *pieces) (change, error) {
	for i, b := range s.bodies {
		if b == nil {
			return change{}, r.p.badRecord(s.sequence, fmt.Sprintf("batch %d is committed, and part %d of %d of partition %d's changes is not in the log", key.txid, i+1, len(s.bodies), key.partition))
		}
	}
	body := s.bodies[0]
	if len(s.bodies) > 1 {
		body = bytes.Join(s.bodies, nil)
	}
	c := change{key.txid, s.time, body, string(body)}
	if err := eachChange(c.body, c.text, func(string, []byte) bool { return true }); err != nil {
		return change{}, r.p.badRecord(s.sequence, err.Error())
	}
	return c, nil
}

// own gives the changes of the partition's groups that are not folded yet.
func (r *replay) own(changes []change) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, c := range changes {
			_ = eachChange(c.body, c.text, func(key string, value []byte) bool { // was checked
				g := Group(key)
				if !r.p.groups.has(g) || c.txid <= r.done[g] {
					return true
				}
				r.bytes += int64(len(key) + len(value))
				return yield(key, r.p.wrap(value, c.time))
			})
		}
	}
}
