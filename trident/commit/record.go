package commit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Record is a commit: all batches up to TxID that were not committed yet are, as they were in Attempt.
type Record struct {
	TxID    TxID
	Attempt Attempt
	// Time is the wall time of batch TxID in milliseconds since 1970.
	Time int64
	// Records counts what the sources have given in all committed batches since the first.
	Records uint64
	// Positions are those of all partitions of the sources after batch TxID, by the partition's name. Also those of partitions that have gone.
	Positions map[string][]byte
	// Meta is Options.Meta of the machine that committed.
	Meta []byte
}

// recordVersion is the first byte of an encoded record.
const recordVersion = 1

// ErrRecord is what DecodeRecord's errors wrap: the bytes are no commit record. Nothing can be committed on top of it.
var ErrRecord = errors.New("not a commit record")

// AppendRecord appends the encoded record to b. Equal records give equal bytes.
func AppendRecord(b []byte, r Record) []byte {
	b = append(b, recordVersion)
	b = binary.AppendUvarint(b, uint64(r.TxID))
	b = binary.AppendUvarint(b, uint64(r.Attempt))
	b = binary.AppendVarint(b, r.Time)
	b = binary.AppendUvarint(b, r.Records)
	b = appendBytes(b, r.Meta)
	b = binary.AppendUvarint(b, uint64(len(r.Positions)))
	for _, name := range slices.Sorted(maps.Keys(r.Positions)) {
		b = appendBytes(b, name)
		b = appendBytes(b, r.Positions[name])
	}
	return b
}

func appendBytes[B string | []byte](b []byte, x B) []byte {
	b = binary.AppendUvarint(b, uint64(len(x)))
	return append(b, x...)
}

// DecodeNames reads a whole encoded record for states, which need no more of it than what it commits: all up to the txid, as it was in the attempt. The errors are those of
// [DecodeRecord].
func DecodeNames(b []byte) (txid, attempt uint64, err error) {
	r, err := DecodeRecord(b)
	return uint64(r.TxID), uint64(r.Attempt), err
}

// DecodeRecord reads a whole encoded record. Positions is not nil, Meta and a position are nil when empty, and all are copied out of b. The error
// wraps [ErrRecord] and says what is wrong.
func DecodeRecord(b []byte) (Record, error) {
	d := decoder{rest: b}
	if v := d.byte(); v != recordVersion {
		d.fail("its version is %d, this build reads %d", v, recordVersion)
	}
	r := Record{TxID: TxID(d.uvarint("txid")), Attempt: Attempt(d.uvarint("attempt"))}
	r.Time, r.Records = d.varint("time"), d.uvarint("count of records")
	r.Meta = slices.Clone(d.bytes("meta"))
	r.Positions = d.positions()
	if len(d.rest) > 0 {
		d.fail("%d bytes are left over", len(d.rest))
	}
	if d.err != nil {
		return Record{}, d.err
	}
	return r, nil
}

// decoder takes values off the front of rest. After the first error it gives zeros.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrRecord, fmt.Sprintf(format, args...))
	}
	d.rest = nil
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail("it is empty")
		return 0
	}
	x := d.rest[0]
	d.rest = d.rest[1:]
	return x
}

func (d *decoder) uvarint(what string) uint64 {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail("the %s is cut off or too long", what)
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

func (d *decoder) varint(what string) int64 {
	x, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail("the %s is cut off or too long", what)
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

// bytes returns nil for none.
func (d *decoder) bytes(what string) []byte {
	n := d.uvarint("length of the " + what)
	if n > uint64(len(d.rest)) {
		d.fail("the %s has %d bytes, %d are there", what, n, len(d.rest))
	}
	if n == 0 || d.err != nil {
		return nil
	}
	x := d.rest[:n]
	d.rest = d.rest[n:]
	return x
}

func (d *decoder) positions() map[string][]byte {
	n := d.uvarint("count of positions")
	if n > uint64(len(d.rest)/2) { // a name and a position are a byte each at least
		d.fail("%d positions cannot be in %d bytes", n, len(d.rest))
		return nil
	}
	p, former := make(map[string][]byte, n), ""
	for i := range n {
		name := string(d.bytes("name of a position"))
		if i > 0 && name <= former && d.err == nil {
			d.fail("position %q stands after %q", name, former)
		}
		p[name], former = slices.Clone(d.bytes("position")), name
	}
	return p
}
