package state

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// snapshotForm is the first byte of a snapshot.
const snapshotForm byte = 0xd2

// image is a snapshot of a unit: all that its groups had after a batch.
type image struct {
	state   string
	groups  span
	txid    uint64
	base    uint64 // the sequence from which on the log has what came after
	time    int64  // of the batch, in ms
	stamped bool   // the values begin with their time: there was a TTL
	entries []byte // as in a delta's body, without deletions
}

func (i *image) append(b []byte) []byte {
	b = append(b, snapshotForm, byte(len(i.state)))
	b = append(b, i.state...)
	stamped := uint64(0)
	if i.stamped {
		stamped = 1
	}
	for _, n := range [...]uint64{uint64(i.groups.low), uint64(i.groups.high), i.txid, i.base, uint64(i.time), stamped} {
		b = binary.AppendUvarint(b, n)
	}
	return sealed(append(b, i.entries...))
}

// sealed appends the checksum of what is before it.
func sealed(b []byte) []byte { return binary.BigEndian.AppendUint64(b, xxhash.Sum64(b)) }

// unsealed checks it and cuts it off.
func unsealed(b []byte) ([]byte, error) {
	n := len(b) - 8
	switch {
	case n < 0:
		return nil, errCut
	case binary.BigEndian.Uint64(b[n:]) != xxhash.Sum64(b[:n]):
		return nil, errSum
	}
	return b[:n:n], nil
}

// decodeImage reads what append wrote. The entries share data's memory, and are checked.
func decodeImage(data []byte) (i image, err error) {
	data, err = unsealed(data)
	switch {
	case err != nil:
		return i, err
	case len(data) < 2 || data[0] != snapshotForm:
		return i, errForm
	}
	in := input{rest: data[1:]}
	i.state = string(in.take(uint64(in.octet())))
	i.groups = span{int(in.number(Groups)), int(in.number(Groups))}
	i.txid, i.base, i.time = in.number(1<<64-1), in.number(1<<64-1), int64(in.number(1<<63-1))
	i.stamped = in.number(1) == 1
	i.entries = in.rest
	if in.err == nil && i.groups.low >= i.groups.high {
		in.err = errRange
	}
	return i, in.err
}

// slots are how many snapshots of a unit are kept: they are written in turn. Snapshots are not fenced. So a task that was given up for dead, and goes on, may still write one
// that it had made long ago; that must not be in the place of the only one whose log is still there.
const slots = 2

// snapshotName returns the name of a unit's snapshot, such as counts/0112-0127.a; both groups are of the unit.
func snapshotName(state string, groups span, slot int) string {
	return fmt.Sprintf("%s/%04d-%04d.%c", state, groups.low, groups.high-1, 'a'+slot)
}

// parseSnapshotName reads what snapshotName wrote.
func parseSnapshotName(state, name string) (groups span, slot int, ok bool) {
	rest, ok := strings.CutPrefix(name, state+"/")
	if !ok || len(rest) != len("0000-0000.a") {
		return span{}, 0, false
	}
	low, err := strconv.Atoi(rest[:4])
	high, err2 := strconv.Atoi(rest[5:9])
	groups, slot = span{low, high + 1}, int(rest[10])-'a'
	ok = err == nil && err2 == nil && low <= high && high < Groups && slot >= 0 && slot < slots
	return groups, slot, ok && snapshotName(state, groups, slot) == name
}

func birthName(state string) string { return state + "/birth" }

// birth is when a state began: a snapshot of its own, written before the first batch. It tells a state that is new from one whose snapshots have been lost.
type birth struct {
	origin uint64 // of the state's life, random
	base   uint64 // the sequence from which on the log has all of it
}

func (b birth) encode() []byte {
	data := binary.AppendUvarint([]byte{snapshotForm}, b.base)
	return sealed(binary.BigEndian.AppendUint64(data, b.origin))
}

func decodeBirth(data []byte) (b birth, err error) {
	data, err = unsealed(data)
	if err != nil {
		return b, err
	}
	in := input{rest: data}
	if in.octet() != snapshotForm {
		return b, errForm
	}
	b.base = in.number(1<<64 - 1)
	if origin := in.take(8); in.err == nil {
		b.origin = binary.BigEndian.Uint64(origin)
	}
	return b, in.err
}
