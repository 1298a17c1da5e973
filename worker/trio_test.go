package worker

import (
	"context"

	"github.com/galestream/gale/acker"
	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

// trio is three workers of a topology that don't run: a test has the first one's spout send, and looks at what the others make of it.
// The tasks of the bolt "sink" are 1 to 3 in worker 1, and 4 and 5 in worker 2; the spout "src" is task 6 in worker 0.
type trio struct {
	workers []*Worker
	boxes   []*mailbox // what goes to each worker
}

const (
	farSpout = 6
	allSinks = allOf // "sink" is the first component
)

// mailbox is the way to a worker, and keeps what is sent there.
type mailbox struct {
	slabs   []sentSlab
	records [][]byte
	grants  int
	backlog int
}

type sentSlab struct {
	dest uint32
	body []byte
}

func (m *mailbox) Send(dest uint32, slab []byte) bool {
	m.slabs = append(m.slabs, sentSlab{dest, append([]byte(nil), slab...)})
	return true
}

func (m *mailbox) Control(record []byte) {
	m.records = append(m.records, append([]byte(nil), record...))
}

func (m *mailbox) Backlog() int                   { return m.backlog }
func (m *mailbox) Credits(uint32) int             { return Credits }
func (m *mailbox) Grant(uint32)                   { m.grants++ }
func (m *mailbox) Traffic() (sent, handled int64) { return 0, 0 }

func nothing(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

func newTrio(t require.TestingT, opt Options) *trio {
	b := topology.NewBuilder("test")
	b.Spout("src", func() topology.Spout { return endedSpout{} }).Emits("one").EmitsOn("wide", "a", "b", "c")
	b.Bolt("sink", topology.BoltFunc(nothing)).Parallelism(5).All("src").All("src:wide")
	topo, err := b.Build()
	require.NoError(t, err)
	f := &trio{boxes: []*mailbox{{}, {}, {}}}
	for i := range f.boxes {
		opt.Placement = &Placement{Slots: [][]topology.TaskID{{farSpout}, {1, 2, 3}, {4, 5}}, Own: i}
		w, err := New(topo, opt)
		require.NoError(t, err)
		for to, box := range f.boxes {
			w.Connect(to, box)
		}
		f.workers = append(f.workers, w)
	}
	return f
}

// ship has the spout's task send a slab to all sinks of a worker, and returns what was sent.
func (f *trio) ship(to int, s *topology.Slab) []sentSlab {
	w := f.workers[0]
	w.spouts[0].ship(w.slots[to].placeOf(allSinks), s)
	sent := f.boxes[to].slabs
	f.boxes[to].slabs = nil
	return sent
}

// receive gives a worker what was sent to it, and returns the tuples that each of its sinks is given then. The slabs count as handled.
func (f *trio) receive(to int, sent []sentSlab) (tuples [][]*topology.Tuple) {
	w := f.workers[to]
	for _, s := range sent {
		w.Receive(0, f.boxes[0], s.dest, s.body)
	}
	for _, b := range w.boltsOf[0] {
		tuples = append(tuples, b.drain())
	}
	return tuples
}

// drain takes all that has come from other workers.
func (t *boltTask) drain() (tuples []*topology.Tuple) {
	for len(t.in.afar) > 0 {
		s := <-t.in.afar
		t.in.tuples.Add(int64(-s.Len()))
		t.taken.Add(1)
		for i := range s.Len() {
			tuples = append(tuples, s.Tuple(i))
		}
		s.Origin.(granter).grant()
	}
	return tuples
}

// root returns the name of a tree of the spout.
func root(slot, generation uint64) acker.RootID {
	return acker.RootID(farSpout<<48 | slot<<28 | generation)
}
