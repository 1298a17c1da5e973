package state

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/galestream/gale/trident/changelog"
)

// recoverTries is how often Recover begins again because the log was trimmed while it read.
const recoverTries = 3

// Recover brings the partition to the log's last commit, and returns its txid. Batches that are not committed are forgotten: when one of them is committed after all, because nobody has fenced, Commit says
// ErrGap, and Recover finds it.
// A store that is of the same life of the state goes on from its point; another is filled anew, from snapshots and the log. After an error the partition is of no use until a Recover
// has succeeded. Errors: the log's, the store's, and [DamagedError].
func (p *Partition) Recover(ctx context.Context) (txid uint64, err error) {
	p.ready = false
	p.Abort()
	for range recoverTries {
		if err = p.recover(ctx); !errors.Is(err, changelog.ErrGone) {
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("state %q: recovering partition %d of %d: %w", p.o.Name, p.o.Index, p.o.Partitions, err)
	}
	p.ready = true
	return p.point.TxID, nil
}

func (p *Partition) recover(ctx context.Context) error {
	first, last, err := p.o.Log.Bounds(ctx)
	if err != nil {
		return err
	}
	committed, sequence, err := p.lastCommitted(ctx)
	if err != nil {
		return err
	}
	last = max(last, sequence) // it may have come since Bounds
	names, err := p.o.Log.Snapshots(ctx, p.o.Name+"/")
	if err != nil {
		return err
	}
	r := &replay{p: p, committed: committed, first: first, pending: map[batchPart]*pieces{}}
	if err := r.begin(ctx, names, last); err != nil {
		return err
	}
	if r.from <= last {
		if err := p.o.Log.Read(ctx, r.from, last, r.record); err != nil {
			return err
		}
	}
	return p.arrive(r, last)
}

// lastCommitted returns the txid of the log's last commit, and the sequence of its record.
func (p *Partition) lastCommitted(ctx context.Context) (txid, sequence uint64, err error) {
	c, err := p.o.Log.LastCommit(ctx)
	if err != nil || c.Sequence == 0 {
		return 0, 0, err
	}
	txid, _, err = p.o.Commit(c.Payload)
	if err != nil {
		return 0, 0, p.badRecord(c.Sequence, err.Error())
	}
	return txid, c.Sequence, nil
}

// arrive ends a recovery: the store is where the log is.
func (p *Partition) arrive(r *replay, last uint64) error {
	p.sequence, p.marks = r.settled(last), nil
	to := Point{Origin: p.origin(), TxID: r.committed, Base: p.needed(), Time: r.time}
	if err := p.store.Apply(to, func(func(string, []byte) bool) {}); err != nil {
		return err
	}
	p.point = to
	p.cycle.staged += r.bytes
	p.cycle.began = p.cycle.lastBegan()
	return nil
}

// settled is the sequence through which the log has nothing that may still take effect: who has not fenced before may find what is staged, and committed later.
func (r *replay) settled(last uint64) uint64 {
	for _, s := range r.pending {
		last = min(last, s.sequence-1)
	}
	return last
}

// origin is the store's mark: of the state's life, of which groups it has, and whether its values are stamped. A store with another can't be gone on with.
func (p *Partition) origin() uint64 {
	of := fmt.Sprint(p.cycle.birth.origin, p.groups, p.o.TTL > 0)
	return xxhash.Sum64String(of) | 1 // 0 is none
}

// born reads when the state began, or writes that it begins now.
func (p *Partition) born(ctx context.Context, names []string, first, last uint64) (birth, error) {
	data, err := p.o.Log.Snapshot(ctx, birthName(p.o.Name))
	if errors.Is(err, changelog.ErrNoSnapshot) {
		return p.bear(ctx, names, first, last)
	}
	if err != nil {
		return birth{}, err
	}
	b, err := decodeBirth(data)
	if err != nil {
		return birth{}, p.badSnapshot(birthName(p.o.Name), err.Error())
	}
	return b, nil
}

// bear begins a state. In a log that was never trimmed all of it is read, so that nothing can be missed. Otherwise the state was not there so far: a log is trimmed only when the births and
// snapshots of all its states are stored.
func (p *Partition) bear(ctx context.Context, names []string, first, last uint64) (birth, error) {
	if len(names) > 0 {
		return birth{}, p.badSnapshot(birthName(p.o.Name), "it is missing, and other snapshots of the state are there")
	}
	b := birth{origin: random(), base: first}
	if first > 1 {
		b.base = last + 1
		all, err := p.o.Log.Snapshots(ctx, "")
		if err != nil {
			return birth{}, err
		}
		if len(all) == 0 {
			return birth{}, p.badSnapshot(birthName(p.o.Name), fmt.Sprintf("the log has been trimmed to %d, and there is no snapshot of any state", first))
		}
	}
	if p.o.ReadOnly {
		return b, nil
	}
	return b, p.o.Log.PutSnapshot(ctx, birthName(p.o.Name), b.encode())
}

// random returns a number that no other life of a state has.
func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:])
}

const restore = "restore the log's snapshots from a copy, or drop the topology's state to begin anew"

func (p *Partition) badSnapshot(name, reason string) error {
	return &DamagedError{State: p.o.Name, Snapshot: name, Reason: reason, Remedy: restore}
}

func (p *Partition) badRecord(sequence uint64, reason string) error {
	return &DamagedError{State: p.o.Name, Sequence: sequence, Reason: reason, Remedy: "restore the log from a copy, or drop the topology's state to begin anew"}
}
