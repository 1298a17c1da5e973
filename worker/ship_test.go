package worker

import (
	"slices"
	"strings"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/transport/wire"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What a worker sends to all tasks of a component elsewhere, each of them gets: the same values of the same streams in the same trees, and the
// edges that they have in a tree are together the one that was sent.
func TestShippedIsReceived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newTrio(t, Options{})
		src := f.workers[0].topology.Component("src")
		want := rapid.SliceOfN(aTuple(), 1, 40).Draw(t, "tuples")
		sent := f.ship(1, slabOf(src, want))
		got := f.receive(1, sent)
		require.Equal(t, len(sent), f.boxes[0].grants, "grants for %d slabs", len(sent))
		for i, w := range want {
			copies := make([]*topology.Tuple, len(got))
			for task := range got {
				require.Len(t, got[task], len(want))
				copies[task] = got[task][i]
			}
			w.requireIs(t, src, copies)
		}
	})
}

// tuple is what a test sends.
type tuple struct {
	stream int
	values []topology.Value
	links  []topology.Link
}

func aTuple() *rapid.Generator[tuple] {
	return rapid.Custom(func(t *rapid.T) tuple {
		stream := rapid.IntRange(0, 1).Draw(t, "stream")
		fields := []int{1, 3}[stream]
		return tuple{stream, rapid.SliceOfN(aValue(), fields, fields).Draw(t, "values"), rapid.SliceOfN(aLink(), 0, 5).Draw(t, "links")}
	})
}

func aLink() *rapid.Generator[topology.Link] {
	return rapid.Custom(func(t *rapid.T) topology.Link {
		r := root(rapid.Uint64Range(0, 1<<20-1).Draw(t, "slot"), rapid.Uint64Range(1, 1<<28-1).Draw(t, "generation"))
		return topology.Link{Root: uint64(r), Edge: rapid.Uint64Min(1).Draw(t, "edge")}
	})
}

// aValue is of any kind that is sent as itself; package wire tests that each arrives as it was. Some are so large that a slab must be cut.
func aValue() *rapid.Generator[topology.Value] {
	large := rapid.Map(rapid.IntRange(0, fullSlab), func(n int) any { return strings.Repeat("x", n) })
	return rapid.Map(rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Float64().AsAny(), rapid.String().AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(), large,
	), topology.Of)
}

func slabOf(c *topology.Component, tuples []tuple) *topology.Slab {
	s := topology.NewSlab(len(tuples))
	s.From = farSpout
	for _, x := range tuples {
		d := s.Add(c.Streams[x.stream], x.values, 0, 0).Delivery()
		if len(x.links) > 0 {
			d.Root, d.Edge = x.links[0].Root, x.links[0].Edge
		}
		if len(x.links) > 1 {
			d.SetMore(slices.Clone(x.links[1:]))
		}
	}
	return s
}

// requireIs requires that the copies are the tuple, and share its edges.
func (x tuple) requireIs(t require.TestingT, c *topology.Component, copies []*topology.Tuple) {
	edges := make([]uint64, len(x.links))
	for _, y := range copies {
		require.Same(t, c.Streams[x.stream], y.Source())
		require.EqualValues(t, farSpout, y.Task())
		require.Equal(t, encoded(t, x.values), encoded(t, y.Values()))
		links := linksOf(y)
		require.Len(t, links, len(x.links))
		for i, l := range links {
			require.Equal(t, x.links[i].Root, l.Root)
			require.NotZero(t, l.Edge, "an edge of 0 is one that no ack could take away")
			edges[i] ^= l.Edge
		}
	}
	for i, l := range x.links {
		require.Equal(t, l.Edge, edges[i], "the edges of all copies in tree %d", i)
	}
}

func linksOf(t *topology.Tuple) []topology.Link {
	d := t.Delivery()
	if d.Root == 0 {
		return nil
	}
	return append([]topology.Link{{Root: d.Root, Edge: d.Edge}}, d.More()...)
}

func encoded(t require.TestingT, values []topology.Value) []byte {
	b, err := wire.NewEncoder().AppendValues(nil, values)
	require.NoError(t, err)
	return b
}

// Two workers that split an edge among their tasks don't split theirs alike, also when they were given the same seed. Else the shares of some of the
// tasks would cancel out, and a tree could be complete before all have acked.
func TestWorkersSplitEdgesApart(t *testing.T) {
	f := newTrio(t, Options{Seed: 7})
	one, other := f.workers[1].slots[0].part(1<<40), f.workers[2].slots[0].part(1<<40)
	require.NotEqual(t, one, other)
}

// The credit of a slab goes to the process that it came from, also when another fills the slot by then, or none.
func TestCreditGoesToWhoHasSent(t *testing.T) {
	for _, dest := range []uint32{1, allSinks} {
		three := newTrio(t, Options{})
		src := three.workers[0].topology.Component("src")
		body := three.ship(1, slabOf(src, []tuple{{0, []topology.Value{topology.Of("x")}, nil}}))[0].body
		former, next := three.boxes[0], &mailbox{}
		w := three.workers[1]
		w.Receive(0, former, dest, body)
		w.Connect(0, nil)
		w.Receive(0, next, dest, body)
		w.Connect(0, next)
		for _, b := range w.boltsOf[0] {
			b.drain()
		}
		require.Equal(t, 1, former.grants)
		require.Equal(t, 1, next.grants)
	}
}

// Nothing is kept of destinations that are none.
func TestUnknownDestinationsAreRefused(t *testing.T) {
	three := newTrio(t, Options{})
	w := three.workers[1]
	for dest := range uint32(1000) {
		w.Receive(0, three.boxes[0], 6+dest, nil)
		w.Receive(0, three.boxes[0], allOf|(6+dest), nil)
	}
	require.Equal(t, 2000, three.boxes[0].grants)
	require.Empty(t, w.slots[0].credits)
}

// However many workers tell of a death, trees fail for it once; who sends nothing on to the dead tells nobody.
func TestManyTellOfOneDeath(t *testing.T) {
	three := newTrio(t, Options{})
	w := three.workers[0]
	src := w.spouts[0]
	open := func(id string) { src.ledger.Arm(src.ledger.Open(id, 0, 1), 1) }
	open("before")
	src.sweepAt = src.clock() + 1
	for range 3 {
		w.Control(1, []byte{recordLost, 0, 0, 0, 2})
		src.hear()
	}
	open("since")
	require.Zero(t, src.figures.failed)
	src.now = src.sweepAt
	require.True(t, src.sweep())
	require.Equal(t, int64(2), src.figures.failed)
	open("after")
	src.now = src.sweepAt
	require.False(t, src.sweep())

	w.Control(1, []byte{recordLost, 0, 0, 0, 2})
	w.Lost(2)
	src.hear()
	require.Equal(t, int64(3), src.figures.failed, "what this worker has seen itself fails them at once")
	open("again")
	src.now = src.sweepAt
	require.False(t, src.sweep())

	three.workers[1].Lost(2)
	for _, box := range three.boxes {
		require.Empty(t, box.records)
	}
}
