package trident

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/galestream/gale/trident/changelog"
)

// sinkRecovery finds in the log what is committed and may not be at the sink.
type sinkRecovery[T any] struct {
	k         *sinking[T]
	staged    map[sinkKey]*parts[T] // not committed, as far as the log was read
	committed []found[T]
	done      map[int]uint64 // by partition: what the sink has, as far as the log says
}

// sinkKey is what a staged record is of.
type sinkKey struct {
	txid, attempt uint64
	partition     int
}

// parts are a batch's records in the order they were staged.
type parts[T any] struct {
	records []T
	next    uint64
}

type found[T any] struct {
	sinkKey
	records []T
}

// recover delivers what is committed through the txid: also that of partitions whose tasks are no more.
func (k *sinking[T]) recover(ctx context.Context, through uint64) error {
	r := &sinkRecovery[T]{k: k, staged: map[sinkKey]*parts[T]{}, done: map[int]uint64{}}
	if err := k.t.g.replay(ctx, k.t.log, through, r.take, r.commit); err != nil {
		return err
	}
	for partition, done := range r.done {
		if err := k.checkKept(ctx, partition, done); err != nil {
			return err
		}
	}
	slices.SortFunc(r.committed, func(a, b found[T]) int {
		return cmp.Or(cmp.Compare(a.txid, b.txid), a.partition-b.partition)
	})
	for _, f := range r.committed {
		if f.txid <= r.done[f.partition] {
			continue
		}
		if err := k.deliver(ctx, f.partition, f.txid, f.records); err != nil {
			return err
		}
	}
	return nil
}

// checkKept finds a sink that remembers less than it once had: what it had beyond may be gone from the log. One that remembers nothing is believed to have
// all of it, be it that it never remembers or that somebody has had it forget.
func (k *sinking[T]) checkKept(ctx context.Context, partition int, done uint64) error {
	w, err := k.writer(ctx, partition)
	if err != nil || w.applied == 0 || w.applied >= done {
		return err
	}
	how := "restore what it had, or give it another name"
	if f, ok := w.w.(Forgetting); ok {
		how = "restore what it had; or, to go on without them, " + f.HowToForget()
	}
	err = fmt.Errorf("sink %q: partition %d: it has batches up to %d, and had them up to %d: it was restored from an older copy, or a replica that was behind has taken over; %s",
		k.s.name, partition, w.applied, done, how)
	return errors.Join(err, k.giveUp(partition))
}

// take takes a staged record, if it is of a partition that this task is to care for.
func (r *sinkRecovery[T]) take(rec changelog.Record) error {
	h, records, err := decodeSinkRecords(r.k.codec, r.k.s.name, rec.Payload)
	if err != nil || h == nil || h.partition%r.k.t.tasks() != r.k.t.tc.Index {
		return err
	}
	r.done[h.partition] = max(r.done[h.partition], h.done)
	key := sinkKey{h.txid, rec.Attempt, h.partition}
	p := r.staged[key]
	if p == nil {
		p = &parts[T]{}
		r.staged[key] = p
	}
	if h.part == p.next { // else it was appended twice
		p.records, p.next = append(p.records, records...), p.next+1
	}
	return nil
}

// commit takes a commit record, and forgets what it has made void.
func (r *sinkRecovery[T]) commit(from, txid, attempt uint64) error {
	for key, p := range r.staged {
		if key.txid > txid {
			continue
		}
		if key.attempt == attempt && key.txid >= from {
			r.committed = append(r.committed, found[T]{key, p.records})
		}
		delete(r.staged, key)
	}
	r.committed = slices.DeleteFunc(r.committed, func(f found[T]) bool { return f.txid <= r.done[f.partition] })
	return nil
}

// doneAt is the last batch of a partition that the sink is known to have.
func (k *sinking[T]) doneAt(partition int) uint64 {
	if w := k.writers[partition]; w != nil {
		return w.applied
	}
	return 0
}
