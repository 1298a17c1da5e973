package changelog

import (
	"context"

	"go.etcd.io/bbolt"
)

// readChunk is how many bytes are read in one transaction.
const readChunk = 4 << 20

// Read copies chunks out of the file and gives them to f outside of any transaction, so f may call the log, and may take its time.
func (l *folder) Read(ctx context.Context, from, through uint64, f func(Record) error) error {
	err := l.view(ctx, func(tx *bbolt.Tx) error {
		h, err := l.head(tx)
		if err != nil {
			return err
		}
		from, through, err = h.clip(from, through)
		return err
	})
	for c := (chunk{}); err == nil && from <= through; from += uint64(len(c.records)) {
		c.clear()
		if err = l.view(ctx, func(tx *bbolt.Tx) error { return l.fill(tx, &c, from, through) }); err != nil {
			return err
		}
		if err = c.give(ctx, f); err != nil {
			return err
		}
	}
	return err
}

// fill reads the records from a sequence on, at least one, until the chunk is full.
func (l *folder) fill(tx *bbolt.Tx, c *chunk, from, through uint64) error {
	h, err := l.head(tx)
	if err != nil {
		return err
	}
	if _, _, err := h.clip(from, through); err != nil {
		return err
	}
	cursor := tx.Bucket(recordBucket).Cursor()
	k, v := cursor.Seek(key(from))
	for ; from <= through && len(c.bytes) < readChunk; from++ {
		if string(k) != string(key(from)) {
			v = nil
		}
		r, err := l.record(from, v)
		if err != nil {
			return err
		}
		c.add(r)
		k, v = cursor.Next()
	}
	return nil
}

// chunk is records whose payloads lie together.
type chunk struct {
	records []Record
	bytes   []byte
}

func (c *chunk) clear() { c.records, c.bytes = c.records[:0], c.bytes[:0] }

func (c *chunk) add(r Record) {
	at := len(c.bytes)
	c.bytes = append(c.bytes, r.Payload...)
	r.Payload = c.bytes[at:len(c.bytes):len(c.bytes)]
	c.records = append(c.records, r)
}

func (c *chunk) give(ctx context.Context, f func(Record) error) error {
	for _, r := range c.records {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}
