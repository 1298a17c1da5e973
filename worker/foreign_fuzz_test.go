package worker

import (
	"encoding/binary"
	"testing"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// Whatever comes as a slab gives its credit back exactly once: at once when it is refused, else when all who got it have handled it. What bolts
// are given is whole.
func FuzzReceive(f *testing.F) {
	three := newTrio(f, Options{})
	src := three.workers[0].topology.Component("src")
	values := []topology.Value{topology.Of("x"), topology.Of(1), topology.Of(nil)}
	link := topology.Link{Root: uint64(root(1, 2)), Edge: 3}
	for _, links := range [][]topology.Link{nil, {link}, {link, link}} {
		sent := three.ship(1, slabOf(src, []tuple{{0, values[:1], links}, {1, values, links}}))
		f.Add(sent[0].dest, sent[0].body)
		f.Add(uint32(1), sent[0].body)
	}
	f.Add(uint32(allOf), []byte{0, 0, 0, 6, 0xff, 0xff, 0, 0, 1})
	f.Fuzz(func(t *testing.T, dest uint32, body []byte) {
		w, credit := three.workers[1], three.boxes[0]
		credit.grants = 0
		refused, dropped := w.slots[0].refused.Load(), w.slots[0].dropped.Load()
		got := three.receive(1, []sentSlab{{dest, body}})
		require.Equal(t, 1, credit.grants)
		require.Equal(t, dropped, w.slots[0].dropped.Load())
		n := 0
		for i, b := range w.boltsOf[0] {
			n += len(got[i])
			requireWhole(t, w, got[i])
			require.Zero(t, b.in.tuples.Load())
			require.Equal(t, b.in.sent.Load(), b.taken.Load())
		}
		require.Equal(t, n == 0, w.slots[0].refused.Load() > refused, "either it is refused or it has tuples")
	})
}

func requireWhole(t *testing.T, w *Worker, tuples []*topology.Tuple) {
	for _, x := range tuples {
		require.Len(t, x.Fields(), x.Len())
		_ = encoded(t, x.Values())
		for _, l := range linksOf(x) {
			require.True(t, w.isSpout(acker.RootID(l.Root)))
		}
	}
}

// Whatever comes as a record, a tree is complete when the XORs of all acks that name it come to what was emitted, has failed when a failure came
// before that, and its spout is told either of it once.
func FuzzControl(f *testing.F) {
	const edge = 0xfedcba9876543210
	open := func(t require.TestingT) (w *Worker, at acker.RootID) {
		w = newTrio(t, Options{Seed: 1, MaxSpoutPending: 2}).workers[0]
		l := w.ledgers[0]
		at = l.Open("id", 0, 1)
		l.Arm(at, edge)
		return w, at
	}
	_, at := open(f)
	var r records
	r.ack(at, 1)
	r.ack(at, edge^1)
	f.Add(r.acks)
	r.touch(at)
	f.Add(r.touches)
	r.fail(at, errStopped)
	f.Add(r.failures[0])
	f.Add([]byte{recordLost, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, record []byte) {
		w, at := open(t)
		complete, failed, valid := expect(record, at, edge)
		w.Control(1, record)
		told := &w.spouts[0].lane.mu.words
		require.Len(t, told.complete, complete)
		require.Len(t, told.failed, failed)
		require.Equal(t, valid, w.slots[1].refused.Load() == 0)
	})
}

// expect says what a record means to one tree, after the description of records.
func expect(record []byte, at acker.RootID, left uint64) (complete, failed int, valid bool) {
	if len(record) == 0 {
		return 0, 0, false
	}
	if record[0] == recordLost { // which fails all trees, by another word
		return 0, 0, len(record) == 5 && binary.BigEndian.Uint32(record[1:]) < 3
	}
	size := map[byte]int{recordAcks: 16, recordTouches: 8}[record[0]]
	b := record[1:]
	if record[0] == recordFailure && len(b) >= 8 {
		r := acker.RootID(binary.BigEndian.Uint64(b))
		if r == at {
			failed = 1
		}
		return 0, failed, r.Task() == farSpout
	}
	if size == 0 || len(b)%size != 0 {
		return 0, 0, false
	}
	for ; len(b) > 0; b = b[size:] {
		r := acker.RootID(binary.BigEndian.Uint64(b))
		if r.Task() != farSpout {
			return complete, 0, false
		}
		if r == at && size == 16 && left != 0 {
			if left ^= binary.BigEndian.Uint64(b[8:]); left == 0 {
				complete++
			}
		}
	}
	return complete, 0, true
}
