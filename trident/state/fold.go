package state

import (
	"fmt"
	"iter"
)

// mark says from where on the log has the changes that this partition stages for a batch. Invariant: marks are in the order of txids, and of sequences.
type mark struct{ txid, sequence uint64 }

// note remembers, for a batch that begins, that its records come after all that is folded now. The first attempt's mark stays: that attempt may have been committed without
// anyone having heard of it.
func (p *Partition) note(txid uint64) {
	if n := len(p.marks); n == 0 || p.marks[n-1].txid < txid {
		p.marks = append(p.marks, mark{txid, p.sequence})
	}
}

// needed returns the sequence from which on the log has to be read to go on from what is folded. It is not that of the last commit: in the pipeline a later batch stages
// before an earlier one is committed.
func (p *Partition) needed() uint64 {
	if len(p.marks) > 0 {
		return p.marks[0].sequence + 1
	}
	return p.sequence + 1
}

// Commit says that the attempt's batches through txid are committed: their changes are folded into the store. sequence is the Commit record's; a lower one, or 0 when
// it is not known, does no harm. What is folded already is folded once. It returns [ErrGap], having done nothing, when a batch is not here or is another attempt's, and the store's errors.
func (p *Partition) Commit(txid, attempt, sequence uint64) error {
	if txid <= p.point.TxID {
		return nil
	}
	n := txid - p.point.TxID
	if n > uint64(len(p.overlays)) || p.overlays[0].attempt != attempt {
		return fmt.Errorf("state %q: batch %d of attempt %d is committed: %w", p.o.Name, txid, attempt, ErrGap)
	}
	return p.fold(int(n), max(sequence, p.sequence))
}

func (p *Partition) fold(n int, sequence uint64) error {
	p.sequence = sequence
	for len(p.marks) > 0 && p.marks[0].txid <= p.overlays[n-1].txid {
		p.marks = p.marks[1:]
	}
	to := Point{Origin: p.point.Origin, TxID: p.overlays[n-1].txid, Base: p.needed(), Time: p.overlays[n-1].time}
	if err := p.store.Apply(to, p.changes(p.overlays[:n])); err != nil {
		return fmt.Errorf("state %q: batch %d: %w", p.o.Name, to.TxID, err)
	}
	p.point = to
	p.discard(n)
	return nil
}

// changes gives what the overlays have, the newest last.
func (p *Partition) changes(overlays []*overlay) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, o := range overlays {
			for i := range o.entries {
				e := &o.entries[i]
				if !yield(e.key, p.wrap(o.value(e), o.time)) {
					return
				}
			}
		}
	}
}

// discard drops the oldest n overlays, and what latest has of them.
func (p *Partition) discard(n int) {
	p.peak = max(p.peak, len(p.latest))
	if n == len(p.overlays) {
		p.forget()
	} else {
		for i, o := range p.overlays[:n] {
			p.unlink(o, p.number+uint32(i))
		}
	}
	for _, o := range p.overlays[:n] {
		o.reset()
		p.spare = append(p.spare, o)
	}
	p.number += uint32(n)
	p.overlays = append(p.overlays[:0], p.overlays[n:]...)
}

// forget empties latest. To clear a map costs what its largest size did, so one that was far larger is given up.
func (p *Partition) forget() {
	if p.peak > 8*len(p.latest)+1024 {
		p.latest, p.peak = map[string]ref{}, 0
		return
	}
	clear(p.latest)
}

func (p *Partition) unlink(o *overlay, number uint32) {
	for i := range o.entries {
		key := o.entries[i].key
		if p.latest[key].overlay == number {
			delete(p.latest, key)
		}
	}
}
