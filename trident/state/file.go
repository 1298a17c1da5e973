package state

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"go.etcd.io/bbolt"
)

// A file has two buckets. An entry of "values" is found at its slice (1 byte) and its key, so that a slice is a range; it is the value's and key's checksum (8 bytes) and the value.
// "head" has one entry, the head: whose file it is, how far it has come, and what it has.
var (
	valuesBucket = []byte("values")
	headBucket   = []byte("head")
	headKey      = []byte("head")
)

const fileForm byte = 0xd3

func appendPlace(b []byte, key string) []byte {
	return append(append(b, byte(Group(key)/sliceGroups)), key...)
}

func checksum(key string, value []byte) uint64 {
	return xxhash.Sum64String(key)*0x9e3779b97f4a7c15 ^ xxhash.Sum64(value)
}

// valueOf returns an entry's value, which shares its memory.
func (d *disk) valueOf(key string, entry []byte) ([]byte, error) {
	if len(entry) < 8 {
		return nil, d.damaged(key, errCut.Error())
	}
	value := entry[8:len(entry):len(entry)]
	if binary.BigEndian.Uint64(entry) != checksum(key, value) {
		return nil, d.damaged(key, errSum.Error())
	}
	return value, nil
}

func writeEntry(values *bbolt.Bucket, place []byte, key string, value []byte) error {
	if value == nil {
		return values.Delete(place)
	}
	entry := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), checksum(key, value))
	return values.Put(place, append(entry, value...))
}

// head is what a file says of itself.
type head struct {
	of    Identity
	point Point
	size  tally
}

func (h *head) append(b []byte) []byte {
	b = append(b, fileForm)
	for _, s := range [...]string{h.of.Topology, h.of.State} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, n := range [...]uint64{uint64(h.of.Partition), uint64(h.of.Partitions), h.point.Origin, h.point.TxID, h.point.Base, uint64(h.point.Time),
		uint64(h.size.keys), uint64(h.size.bytes), h.size.digest} {
		b = binary.AppendUvarint(b, n)
	}
	return sealed(b)
}

func decodeHead(b []byte) (h head, err error) {
	if b, err = unsealed(b); err != nil {
		return h, err
	}
	in := input{rest: b}
	if in.octet() != fileForm {
		return h, errForm
	}
	h.of.Topology = string(in.take(in.number(1 << 10)))
	h.of.State = string(in.take(in.number(maxName)))
	h.of.Partition, h.of.Partitions = int(in.number(Groups)), int(in.number(Groups))
	h.point = Point{in.number(1<<64 - 1), in.number(1<<64 - 1), in.number(1<<64 - 1), int64(in.number(1<<63 - 1))}
	h.size = tally{int64(in.number(1<<63 - 1)), int64(in.number(1<<63 - 1)), in.number(1<<64 - 1)}
	return h, in.err
}

func (d *disk) writeHead(tx *bbolt.Tx) error {
	h := head{d.of, d.point, d.size}
	return tx.Bucket(headBucket).Put(headKey, h.append(nil))
}

// prepare makes a new file, or reads the head of one that is there.
func (d *disk) prepare() error {
	return d.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(headBucket)
		if bucket == nil {
			return d.create(tx)
		}
		h, err := decodeHead(bucket.Get(headKey))
		switch {
		case err != nil:
			return d.damaged("", "its head: "+err.Error())
		case tx.Bucket(valuesBucket) == nil:
			return d.damaged("", "it has no values")
		case h.of.Topology != d.of.Topology || h.of.State != d.of.State:
			return d.damaged("", fmt.Sprintf("it is of topology %q, state %q, and topology %q has been given it", h.of.Topology, h.of.State, d.of.Topology))
		case h.of != d.of:
			return d.empty(tx)
		}
		d.point, d.size, d.origin = h.point, h.size, h.point.Origin
		return nil
	})
}

func (d *disk) create(tx *bbolt.Tx) error {
	if name, _ := tx.Cursor().First(); name != nil {
		return d.damaged("", fmt.Sprintf("it is another program's: it has a bucket %q", name))
	}
	if _, err := tx.CreateBucket(headBucket); err != nil {
		return err
	}
	if _, err := tx.CreateBucket(valuesBucket); err != nil {
		return err
	}
	return d.writeHead(tx)
}

// empty makes the file one without values.
func (d *disk) empty(tx *bbolt.Tx) error {
	if err := tx.DeleteBucket(valuesBucket); err != nil {
		return err
	}
	if _, err := tx.CreateBucket(valuesBucket); err != nil {
		return err
	}
	return d.writeHead(tx)
}

// verify reads all values, and compares them with what the head says is there. A changed byte in a key would otherwise be a key that is not found.
func (d *disk) verify() error {
	var found tally
	c := d.values.Cursor()
	for place, entry := c.First(); place != nil; place, entry = c.Next() {
		if len(place) == 0 {
			return d.damaged("", "a key is empty")
		}
		key := string(place[1:])
		value, err := d.valueOf(key, entry)
		if err != nil {
			return err
		}
		if int(place[0]) != Group(key)/sliceGroups {
			return d.damaged(key, "it is in another slice")
		}
		found.move(key, nil, false, value)
	}
	if found != d.size {
		return d.damaged("", fmt.Sprintf("it has %d keys of %d bytes in all, and should have %d of %d", found.keys, found.bytes, d.size.keys, d.size.bytes))
	}
	return nil
}
