package topology_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/galestream/gale/topology"
)

func widthStream(width int) *topology.Stream {
	fields, _ := numbered(width, 0)
	return &topology.Stream{Component: "source", Name: fmt.Sprint("w", width), Fields: fields}
}

func TestSlabFills(t *testing.T) {
	slab := topology.NewSlab(2)
	require.Equal(t, 2, slab.Cap())
	require.Zero(t, slab.Len())

	s := widthStream(1)
	first := slab.Add(s, valuesOf(1), 10, 11)
	require.False(t, slab.Full())
	second := slab.Add(s, valuesOf(2), 20, 21)
	require.True(t, slab.Full())
	require.Same(t, first, slab.Tuple(0))
	require.Same(t, second, slab.Tuple(1))
	require.Equal(t, uint64(20), second.Delivery().Root)
	require.Equal(t, uint64(21), second.Delivery().Edge)
	require.Same(t, slab, second.Delivery().Slab)
}

// Whatever a slab held before, its tuples show the values they were added with, alone.
func TestSlabReuseShowsNoOldValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slab := topology.NewSlab(4)
		for round := range rapid.IntRange(1, 5).Draw(t, "rounds") {
			slab.Reset()
			require.Zero(t, slab.Len())
			widths := rapid.SliceOfN(rapid.IntRange(0, 12), 0, 4).Draw(t, "widths")
			for i, width := range widths {
				_, values := numbered(width, 1000*round+100*i)
				slab.Add(widthStream(width), valuesOf(values...), 0, 0)
			}
			for i, width := range widths {
				_, values := numbered(width, 1000*round+100*i)
				require.Equal(t, anys(valuesOf(values...)), anys(slab.Tuple(i).Values()))
				require.Equal(t, width, slab.Tuple(i).Len())
			}
		}
	})
}

func TestSlabReuseForgetsTheOldTree(t *testing.T) {
	slab := topology.NewSlab(1)
	d := slab.Add(widthStream(1), valuesOf(1), 1, 2).Delivery()
	d.Born, d.Tries, d.State = 3, 4, topology.Failed
	d.SetMore([]topology.Link{{Root: 5}})
	slab.Live = 1

	slab.Reset()
	require.Zero(t, slab.Live)
	d = slab.Add(widthStream(1), valuesOf(2), 6, 7).Delivery()
	require.Zero(t, d.Born)
	require.Zero(t, d.Tries)
	require.Equal(t, topology.Unsettled, d.State)
	require.Nil(t, d.More())
}

// Values read from a tuple outlive the reuse of its slab.
func TestReadValuesOutliveTheSlab(t *testing.T) {
	slab := topology.NewSlab(1)
	fields, _ := numbered(4, 0)
	s := &topology.Stream{Fields: fields}
	old := slab.Add(s, valuesOf("a", []byte("b"), []any{"c"}, "d"), 0, 0)
	word, value, list := old.String("f0"), old.Value("f1"), old.List("f2")

	slab.Reset()
	slab.Add(s, valuesOf("w", []byte("x"), []any{"y"}, "z"), 0, 0)
	require.Equal(t, "a", word)
	require.Equal(t, []byte("b"), value.Any())
	require.Equal(t, []any{"c"}, list)
}

func TestCloneIsIndependentOfTheSlab(t *testing.T) {
	for _, width := range []int{0, 3, 4, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			slab := topology.NewSlab(2)
			slab.From = 9
			_, values := numbered(width, 0)
			slab.Add(widthStream(5), valuesOf(-1, -2, -3, -4, -5), 0, 0) // so that it doesn't lie first
			original := slab.Add(widthStream(width), valuesOf(values...), 1, 2)
			d := original.Delivery()
			d.Born, d.Tries, d.State = 3, 4, topology.Acked
			d.SetMore([]topology.Link{{Root: 5}})
			clone := original.Clone()

			slab.Reset()
			slab.From = 0
			_, others := numbered(width, 1000)
			slab.Add(widthStream(width), valuesOf(others...), 0, 0)
			slab.Add(widthStream(width), valuesOf(others...), 0, 0)

			require.Equal(t, anys(valuesOf(values...)), anys(clone.Values()))
			require.Equal(t, topology.TaskID(9), clone.Task())
			c := clone.Delivery()
			require.NotSame(t, slab, c.Slab)
			require.Equal(t, []uint64{1, 2, 3}, []uint64{c.Root, c.Edge, c.Born})
			require.Equal(t, uint16(4), c.Tries)
			require.Equal(t, topology.Acked, c.State)
			require.Equal(t, []topology.Link{{Root: 5}}, c.More())
		})
	}
}

// append(t.Values(), x) must copy: behind the values of a tuple lie those of the next.
func TestAppendToValuesLeavesTheNextTupleAlone(t *testing.T) {
	for _, width := range []int{1, 4} {
		slab := topology.NewSlab(2)
		_, values := numbered(width, 0)
		first := slab.Add(widthStream(width), valuesOf(values...), 0, 0)
		second := slab.Add(widthStream(width), valuesOf(values...), 0, 0)
		_ = append(first.Values(), topology.Of("overwritten"))
		require.Equal(t, anys(valuesOf(values...)), anys(second.Values()))
		require.Len(t, first.Values(), cap(first.Values()))
	}
}
