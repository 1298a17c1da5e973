package worker

import (
	"encoding/binary"
	"fmt"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport/wire"
)

// A slab travels between workers as: the task that emitted it (4 bytes), the number of tuples (2), and for each tuple the position
// of its stream among those of its component (1), the number of its trees (1), root and edge in each (8 and 8), and its values
// in the wire's encoding. Numbers are big-endian. Roots and edges are fixed-width because they are random: msgpack
// would take 9 bytes for each.
const (
	slabHeader  = 4 + 2
	tupleHeader = 1 + 1
	linkSize    = 8 + 8
	maxTuples   = 1<<16 - 1
	// minShipped is how many bytes a tuple has at least: its header, and the length of its values.
	minShipped = tupleHeader + 1
	// fullSlab is at how many bytes a slab is cut in two.
	fullSlab = 60 << 10
)

// far is what a task needs to talk to other workers.
type far struct {
	encoder *wire.Encoder
	bytes   []byte
	records []records // by slot
	dirty   []int     // which of records are not empty
	bell    chan struct{}
}

func newFar(slots int) far {
	return far{encoder: wire.NewEncoder(), records: make([]records, slots), bell: make(chan struct{}, 1)}
}

// ship sends a slab to another worker, and gives it back to the pool. It waits while there is no credit.
func (t *task) ship(p *place, s *topology.Slab) {
	b := t.beginSlab(t.far.bytes)
	t.far.bytes = nil // while this slab waits for credit, another may be sent
	n := 0
	for i := range s.Len() {
		tuple := s.Tuple(i)
		longer, err := t.appendTuple(b, tuple)
		if err != nil {
			t.unshippable(tuple, err)
			continue
		}
		if n > 0 && (len(longer) > fullSlab || n == maxTuples) {
			t.shipBytes(p, b, n)
			b, n = append(t.beginSlab(b), longer[len(b):]...), 0
		} else {
			b = longer
		}
		n++
	}
	if n > 0 {
		t.shipBytes(p, b, n)
	}
	t.far.bytes = b
	t.w.slabs.put(s)
}

// beginSlab returns the beginning of a slab, without the number of its tuples.
func (t *task) beginSlab(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b[:0], uint32(t.id)), 0, 0)
}

func (t *task) shipBytes(p *place, b []byte, n int) {
	binary.BigEndian.PutUint16(b[4:], uint16(n))
	if !p.send(b) {
		t.feed() // what waits for others must not wait for this one, too
		t.w.driver.ship(t, p, b)
	}
}

// appendTuple appends a tuple. The error says why it can't travel.
func (t *task) appendTuple(b []byte, tuple *topology.Tuple) ([]byte, error) {
	before := len(b)
	d := tuple.Delivery()
	more := d.More()
	if len(more) > 254 {
		return b, fmt.Errorf("it is in %d trees; between workers a tuple can be in 255", len(more)+1)
	}
	b = append(b, t.streamIndex(tuple.Source()), linkCount(d, more))
	if d.Root != 0 {
		b = appendLink(b, d.Root, d.Edge)
		for _, l := range more {
			b = appendLink(b, l.Root, l.Edge)
		}
	}
	b, err := t.far.encoder.AppendValues(b, tuple.Values())
	if limit := t.w.opt.MaxTuple; err == nil && len(b)-before > limit {
		err = fmt.Errorf("it has %d bytes; between workers a tuple can have %d", len(b)-before, limit)
	}
	if err != nil {
		return b[:before], err
	}
	return b, nil
}

func linkCount(d *topology.Delivery, more []topology.Link) byte {
	if d.Root == 0 {
		return 0
	}
	return byte(1 + len(more))
}

func appendLink(b []byte, root, edge uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, root), edge)
}

// streamIndex returns the position of one of the task's streams.
func (t *task) streamIndex(s *topology.Stream) byte {
	for i := range t.exits {
		if t.exits[i].stream == s {
			return byte(i)
		}
	}
	panic("worker: a task sends a tuple of a stream that isn't its own")
}

// unshippable fails the trees of a tuple that can't be sent.
func (t *task) unshippable(tuple *topology.Tuple, cause error) {
	err := &EmitError{t.comp.ID, tuple.Stream(), fmt.Sprintf("the tuple can't travel to another worker: %v", cause)}
	t.figures.refused++
	t.report(err)
	d := tuple.Delivery()
	if d.Root == 0 {
		return
	}
	t.failRoot(acker.RootID(d.Root), err)
	for _, l := range d.More() {
		t.failRoot(acker.RootID(l.Root), err)
	}
	t.flushWords()
}
