package changelog

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// head is what a file says of its log. It is stored with every transaction, with a checksum.
type head struct {
	extent
	fence, commit uint64 // the sequences of the last of each; 0 for none
}

// headForm is the form of the file, in the head.
const headForm = 1

var headKey = []byte("head")

func (h head) encode() []byte {
	b := []byte{headForm}
	for _, n := range []uint64{h.floor, h.last, h.fence, h.commit} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return seal(b)
}

func decodeHead(b []byte) (head, error) {
	b, err := unseal(b)
	switch {
	case err != nil:
		return head{}, err
	case len(b) != 1+4*8 || b[0] != headForm:
		return head{}, errForm
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[1+8*i:]) }
	return head{extent{n(0), n(1)}, n(2), n(3)}, nil
}

func (h head) store(tx *bbolt.Tx) error { return tx.Bucket(headBucket).Put(headKey, h.encode()) }

func (l *folder) head(tx *bbolt.Tx) (head, error) {
	for _, name := range [][]byte{headBucket, recordBucket, snapshotBucket} {
		if tx.Bucket(name) == nil {
			return head{}, &DamagedError{Log: l.path, Reason: fmt.Sprintf("it has no bucket %q: it may be no log", name)}
		}
	}
	h, err := decodeHead(tx.Bucket(headBucket).Get(headKey))
	if err != nil {
		return head{}, &DamagedError{Log: l.path, Reason: "its head: " + err.Error()}
	}
	return h, nil
}

// record decodes what the file has under a sequence, nil for nothing.
func (l *folder) record(sequence uint64, b []byte) (Record, error) {
	if b == nil {
		return Record{}, &DamagedError{Log: l.path, Sequence: sequence, Reason: "it is missing"}
	}
	r, err := decodeRecord(sequence, b)
	if err != nil {
		return Record{}, &DamagedError{Log: l.path, Sequence: sequence, Reason: err.Error()}
	}
	return r, nil
}

// key is a record's key: keys are in the order of sequences.
func key(sequence uint64) []byte { return binary.BigEndian.AppendUint64(nil, sequence) }

// guard makes an error of the panics by which bbolt says that a page is not what it should be, and of the fault that is met where a file was cut off.
func (l *folder) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &DamagedError{Log: l.path, Reason: fmt.Sprintf("a page can't be read: %v", p)}
		}
	}()
	return f()
}
