package worker

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
)

// Receive takes a slab that came from the worker of a slot. from, which must be comparable, is granted the credit when the slab was handled, whoever
// fills the slot by then. Calls for one slot come one at a time. It never blocks: the receiving inbox has room for what the credit allows. Should
// it have none all the same, because the sender has died and come back, the slab is dropped and counted, and its trees fail.
func (w *Worker) Receive(slot int, from Peer, dest uint32, body []byte) {
	s := w.slots[slot]
	slabs, err := s.decode(from, dest, body)
	if err != nil {
		s.refused.Add(1)
		from.Grant(dest) // and nothing is kept of a destination that need not be one
		return
	}
	for i, b := range w.receivers(dest) {
		s.deliver(b, slabs[i])
	}
}

var errSlab = errors.New("worker: a slab from another worker is malformed")

// receivers returns the bolt tasks here that a destination means; none when it means none.
func (w *Worker) receivers(dest uint32) []*boltTask {
	if dest&allOf == 0 {
		if int(dest) < len(w.boltOf) && w.boltOf[dest] != nil {
			return w.boltOf[dest : dest+1]
		}
		return nil
	}
	if c := int(dest &^ allOf); c < len(w.boltsOf) {
		return w.boltsOf[c]
	}
	return nil
}

// deliver puts a slab in an inbox.
func (s *slot) deliver(b *boltTask, slab *topology.Slab) {
	b.in.tuples.Add(int64(slab.Len()))
	b.in.sent.Add(1)
	select {
	case b.in.afar <- slab:
	default:
		b.in.tuples.Add(-int64(slab.Len()))
		b.in.sent.Add(-1)
		s.drop(slab)
	}
}

var errNoRoom = errors.New("a tuple from another worker found no room: its sender was started anew more than once while the inbox was full")

func (s *slot) drop(slab *topology.Slab) {
	s.dropped.Add(1)
	for i := range slab.Len() {
		d := slab.Tuple(i).Delivery()
		if d.Root != 0 {
			s.w.failNow(acker.RootID(d.Root), errNoRoom)
		}
		for _, l := range d.More() {
			s.w.failNow(acker.RootID(l.Root), errNoRoom)
		}
	}
	slab.Origin.(granter).grant()
}

// failNow fails a tree from outside of a task.
func (w *Worker) failNow(root acker.RootID, cause error) {
	if w.ledger(root) != nil {
		_ = w.failFrom(root, cause.Error()) // the root is here
		return
	}
	var r records
	r.fail(root, cause)
	r.flush(w.slotOf(topology.TaskID(root.Task())))
}

// decode makes a slab for each receiver. Nothing is allocated by a claimed length: a tuple takes minShipped bytes at least.
func (s *slot) decode(peer Peer, dest uint32, body []byte) ([]*topology.Slab, error) {
	receivers := s.w.receivers(dest)
	if len(receivers) == 0 || len(body) < slabHeader {
		return nil, errSlab
	}
	from, n := binary.BigEndian.Uint32(body), int(binary.BigEndian.Uint16(body[4:]))
	body = body[slabHeader:]
	if int(from) >= len(s.w.componentOf) || from == 0 || n == 0 || n*minShipped > len(body) {
		return nil, errSlab
	}
	slabs := s.slabsFor(s.creditOf(peer, dest), topology.TaskID(from), n, receivers)
	for range n {
		var err error
		if body, err = s.decodeTuple(s.w.componentOf[from], body, slabs); err != nil {
			return nil, err
		}
	}
	if len(body) > 0 {
		return nil, errSlab
	}
	return slabs, nil
}

// slabsFor returns empty slabs with room for n tuples.
func (s *slot) slabsFor(c *credit, from topology.TaskID, n int, receivers []*boltTask) []*topology.Slab {
	var origin granter = c
	if len(receivers) > 1 {
		shared := &sharedCredit{credit: c}
		shared.left.Store(int32(len(receivers)))
		origin = shared
	}
	size := max(minSlab, 1<<bits.Len(uint(n-1)))
	slabs := make([]*topology.Slab, len(receivers))
	for i, b := range receivers {
		if b.in.keeps {
			slabs[i] = topology.NewSlab(n)
		} else {
			slabs[i] = s.w.slabs.get(size)
		}
		slabs[i].From, slabs[i].Filled, slabs[i].Origin = from, s.w.driver.now(), origin
	}
	return slabs
}

func (s *slot) decodeTuple(c *topology.Component, b []byte, slabs []*topology.Slab) (rest []byte, err error) {
	if len(b) < tupleHeader || int(b[0]) >= len(c.Streams) {
		return nil, errSlab
	}
	stream, count := c.Streams[b[0]], int(b[1])
	b = b[tupleHeader:]
	if len(b) < count*linkSize {
		return nil, errSlab
	}
	links, b := b[:count*linkSize], b[count*linkSize:]
	if s.values, b, err = s.decoder.Values(s.values[:0], b); err != nil {
		return nil, err
	}
	if len(s.values) != len(stream.Fields) {
		return nil, errSlab
	}
	return b, s.add(stream, links, slabs)
}

// add puts one tuple in all slabs.
func (s *slot) add(stream *topology.Stream, links []byte, slabs []*topology.Slab) error {
	for l := 0; l < len(links); l += linkSize {
		if !s.w.isSpout(rootAt(links, l)) {
			return errSlab
		}
	}
	last := len(slabs) - 1
	for _, slab := range slabs[:last] {
		s.addTo(slab, stream, links, true)
	}
	s.addTo(slabs[last], stream, links, false)
	return nil
}

// addTo puts the tuple in one slab. When others share its edges it is given a part of each, which is taken from what is left of
// the edge in links: so the XOR of all parts is the edge.
func (s *slot) addTo(slab *topology.Slab, stream *topology.Stream, links []byte, part bool) {
	d := slab.Add(stream, s.values, 0, 0).Delivery()
	var more []topology.Link
	for l := 0; l < len(links); l += linkSize {
		edge := binary.BigEndian.Uint64(links[l+8:])
		if part {
			given := s.part(edge)
			binary.BigEndian.PutUint64(links[l+8:], edge^given)
			edge = given
		}
		if l == 0 {
			d.Root, d.Edge = uint64(rootAt(links, l)), edge
		} else {
			more = append(more, topology.Link{Root: uint64(rootAt(links, l)), Edge: edge})
		}
	}
	if more != nil {
		d.SetMore(more)
	}
}

func rootAt(links []byte, l int) acker.RootID {
	return acker.RootID(binary.BigEndian.Uint64(links[l:]))
}

// part returns an edge other than the whole, of which something must be left.
func (s *slot) part(edge uint64) uint64 {
	for {
		if p := s.random.edge(); p != edge {
			return p
		}
	}
}

// isSpout reports whether the root, which another process has named, is of a spout of this topology.
func (w *Worker) isSpout(root acker.RootID) bool {
	t := int(root.Task())
	return t > 0 && t < len(w.componentOf) && w.componentOf[t].IsSpout()
}
