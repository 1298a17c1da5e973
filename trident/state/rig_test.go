package state

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/trident/changelog"
)

// rig is a state of several partitions over one log, with a coordinator that has no mind of its own.
type rig struct {
	t          testing.TB
	log        changelog.Log
	attempt    uint64
	txid       uint64 // the last committed
	now        int64
	options    Options
	store      func() Store
	partitions []*Partition
}

func newRig(t testing.TB, partitions int, o Options) *rig {
	if o.Name == "" {
		o.Name = "counts"
	}
	r := &rig{t: t, log: changelog.Memory(), options: o, store: Memory, now: 1000}
	r.open(partitions)
	return r
}

// open begins anew with so many partitions, as after a crash of all.
func (r *rig) open(partitions int) {
	r.fence()
	r.partitions = nil
	for i := range partitions {
		r.partitions = append(r.partitions, r.partition(i, partitions, r.store()))
	}
	r.recover()
}

func (r *rig) partition(i, n int, s Store) *Partition {
	o := r.options
	o.Index, o.Partitions, o.Log, o.Store, o.Commit = i, n, r.log, s, decodeTestCommit
	p, err := OpenPartition(o)
	require.NoError(r.t, err)
	return p
}

func (r *rig) recover() {
	for _, p := range r.partitions {
		txid, err := p.Recover(r.t.Context())
		require.NoError(r.t, err)
		require.Equal(r.t, r.txid, txid)
	}
}

func (r *rig) fence() {
	attempt, err := r.log.Fence(r.t.Context(), nil)
	require.NoError(r.t, err)
	r.attempt = attempt
}

func (r *rig) owner(key string) *Partition { return r.partitions[Owner(Group(key), len(r.partitions))] }

// begin begins a batch everywhere.
func (r *rig) begin(txid uint64) {
	for _, p := range r.partitions {
		require.NoError(r.t, p.Begin(txid, r.attempt, r.now))
	}
}

func (r *rig) put(key, value string)  { require.NoError(r.t, r.owner(key).Put(key, []byte(value))) }
func (r *rig) delete(key string)      { require.NoError(r.t, r.owner(key).Delete(key)) }
func (r *rig) get(key string) string  { return text(r.owner(key).Get(key)) }
func (r *rig) seen(key string) string { return text(r.owner(key).Committed(key)) }

func text(value []byte, ok bool, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case !ok:
		return "-"
	}
	return string(value)
}

// stage stages the batch that was begun last.
func (r *rig) stage() {
	for _, p := range r.partitions {
		for _, payload := range p.Staged() {
			r.append(changelog.Staged, payload)
		}
	}
}

func (r *rig) append(kind changelog.Kind, payload []byte) uint64 {
	sequence, err := r.log.Append(r.t.Context(), r.attempt, kind, payload)
	require.NoError(r.t, err)
	return sequence
}

// record commits in the log alone; announce tells the partitions.
func (r *rig) record(txid uint64) uint64 {
	r.txid = txid
	return r.append(changelog.Commit, encodeTestCommit(txid, r.attempt))
}

func (r *rig) announce(sequence uint64) {
	for _, p := range r.partitions {
		require.NoError(r.t, p.Commit(r.txid, r.attempt, sequence))
	}
}

// batch does a whole one: pairs of key and value, deleted when it is "-".
func (r *rig) batch(pairs ...string) {
	r.begin(r.txid + 1)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "-" {
			r.delete(pairs[i])
		} else {
			r.put(pairs[i], pairs[i+1])
		}
	}
	r.stage()
	r.announce(r.record(r.txid + 1))
}

// snapshots stores all that is due, and returns their names.
func (r *rig) snapshots() (names []string) {
	for _, p := range r.partitions {
		for {
			s, err := p.NextSnapshot()
			require.NoError(r.t, err)
			if s == nil {
				break
			}
			require.NoError(r.t, r.log.PutSnapshot(r.t.Context(), s.Name, s.Data))
			s.Done(nil)
			names = append(names, s.Name)
		}
	}
	return names
}

// trim forgets what no partition needs.
func (r *rig) trim() uint64 {
	base := r.partitions[0].Base()
	for _, p := range r.partitions {
		base = min(base, p.Base())
	}
	require.NoError(r.t, r.log.Trim(r.t.Context(), base))
	return base
}

func encodeTestCommit(txid, attempt uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, txid), attempt)
}

func decodeTestCommit(b []byte) (txid, attempt uint64, err error) {
	if len(b) != 16 {
		return 0, 0, fmt.Errorf("a commit of %d bytes", len(b))
	}
	return binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), nil
}
