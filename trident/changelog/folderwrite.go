package changelog

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// What one transaction takes at most. Trimming deletes so many records in each.
const (
	maxGathered  = 256
	gatheredSize = 8 << 20 // bytes
	trimStep     = 1024
)

// write is what is to be done in a transaction. do returns an error when the transaction can't be; refused is the error of a write that was
// not done, while others of the transaction were. What do finds out it leaves here: its caller may be gone by then.
type write struct {
	do      func(*bbolt.Tx, *head) error
	size    int
	refused error
	number  uint64        // the sequence of what was appended
	err     error         // of the transaction
	done    chan struct{} // closed when err is there
}

// submit has the write done, and waits for it.
func (l *folder) submit(ctx context.Context, w *write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.done = make(chan struct{})
	select {
	case l.writes <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing:
		return ErrClosed
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		return unknown(ctx.Err())
	}
	if w.err != nil {
		return w.err
	}
	return w.refused
}

// run is the goroutine that writes. A transaction that could not be committed ends all writing: what is in the file is not known then.
func (l *folder) run() {
	defer close(l.ended)
	var broken error
	for {
		select {
		case w := <-l.writes:
			batch := l.gather(w)
			if broken == nil {
				broken = l.commit(batch)
			}
			settle(batch, broken)
		case <-l.closing:
			return
		}
	}
}

// gather adds the writes that wait by now: they share a sync.
func (l *folder) gather(first *write) []*write {
	batch, size := []*write{first}, first.size
	for len(batch) < maxGathered && size < gatheredSize {
		select {
		case w := <-l.writes:
			batch = append(batch, w)
			size += w.size
		default:
			return batch
		}
	}
	return batch
}

func (l *folder) commit(batch []*write) error {
	err := l.guard(func() error {
		return l.db.Update(func(tx *bbolt.Tx) error {
			h, err := l.head(tx)
			for i := 0; err == nil && i < len(batch); i++ {
				err = batch[i].do(tx, &h)
			}
			if err != nil {
				return err
			}
			return h.store(tx)
		})
	})
	if err != nil {
		return unknown(fmt.Errorf("%s takes nothing more until it is opened again: %w", l.path, err))
	}
	return nil
}

func settle(batch []*write, err error) {
	for _, w := range batch {
		w.err = err
		close(w.done)
	}
}

func (l *folder) Fence(ctx context.Context, note []byte) (uint64, error) {
	return l.begin(ctx, note, func(uint64) bool { return true })
}

func (l *folder) FenceAfter(ctx context.Context, last uint64, note []byte) (uint64, error) {
	return l.begin(ctx, note, func(now uint64) bool { return now == last })
}

func (l *folder) begin(ctx context.Context, note []byte, may func(last uint64) bool) (uint64, error) {
	if err := checkFence(ctx, note); err != nil {
		return 0, err
	}
	b := encodeRecord(Fence, 0, note)
	w := &write{size: len(b)}
	w.do = func(tx *bbolt.Tx, h *head) error {
		if !may(h.fence) {
			w.refused = overtaken(h.fence)
			return nil
		}
		h.last++
		h.fence, w.number = h.last, h.last
		return put(tx, h.last, b)
	}
	if err := l.submit(ctx, w); err != nil {
		return 0, fmt.Errorf("beginning an attempt: %w", err)
	}
	return w.number, nil
}

func (l *folder) Append(ctx context.Context, attempt uint64, kind Kind, payload []byte) (uint64, error) {
	if err := checkAppend(ctx, kind, payload); err != nil {
		return 0, err
	}
	b := encodeRecord(kind, attempt, payload)
	w := &write{size: len(b)}
	w.do = func(tx *bbolt.Tx, h *head) error {
		if attempt == 0 || attempt != h.fence {
			w.refused = refused(attempt, h.fence)
			return nil
		}
		h.last++
		if w.number = h.last; kind == Commit {
			h.commit = h.last
		}
		return put(tx, h.last, b)
	}
	if err := l.submit(ctx, w); err != nil {
		return 0, fmt.Errorf("appending: %w", err)
	}
	return w.number, nil
}

// put adds a record after all others, so pages are filled whole.
func put(tx *bbolt.Tx, sequence uint64, b []byte) error {
	records := tx.Bucket(recordBucket)
	records.FillPercent = 1
	return records.Put(key(sequence), b)
}

func (l *folder) PutSnapshot(ctx context.Context, name string, data []byte) error {
	if err := checkSnapshotName(name); err != nil {
		return err
	}
	b := seal(bytes.Clone(data))
	err := l.submit(ctx, &write{size: len(b), do: func(tx *bbolt.Tx, _ *head) error {
		return tx.Bucket(snapshotBucket).Put([]byte(name), b)
	}})
	if err != nil {
		return fmt.Errorf("storing the snapshot %q: %w", name, err)
	}
	return nil
}

// Trim raises the floor first; from then on nobody asks for what lies below, and it is deleted step by step, between the appends of others.
func (l *folder) Trim(ctx context.Context, below uint64) error {
	for more := true; more; {
		err := l.submit(ctx, &write{do: func(tx *bbolt.Tx, h *head) (err error) {
			h.floor = max(h.floor, min(below, h.last+1))
			more, err = forget(tx, *h)
			return err
		}})
		if err != nil {
			return fmt.Errorf("trimming: %w", err)
		}
	}
	return nil
}

// forget deletes some of what lies below the floor, and reports whether there may be more.
func forget(tx *bbolt.Tx, h head) (more bool, err error) {
	cursor := tx.Bucket(recordBucket).Cursor()
	k, _ := cursor.First()
	for range trimStep {
		if k == nil || binary.BigEndian.Uint64(k) >= h.floor {
			return false, nil
		}
		n := binary.BigEndian.Uint64(k)
		if n != h.fence && n != h.commit {
			if err := cursor.Delete(); err != nil {
				return false, err
			}
		}
		k, _ = cursor.Seek(key(n + 1))
	}
	return true, nil
}
