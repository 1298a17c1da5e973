package jetstream_test

import (
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/galestream/gale/trident/jetstream"
	"github.com/stretchr/testify/require"
)

// TestPartitionsMayBecomeOthers reads a stream in numbers of partitions that change, each a little further, and to the end at last: each message comes
// once, and those of a subject in their order.
func TestPartitionsMayBecomeOthers(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 300)
	positions, last, all := map[string][]byte{}, map[string]uint64{}, []string(nil)
	read := func(o jetstream.SourceOptions, partition string, most int) (err error) {
		p := openAmong(t, jetstream.SourceOf(o, func(m jetstream.Message) (jetstream.Message, error) { return m, nil }), partition, positions, nil)
		defer p.close()
		ms, err := p.read(most)
		for _, m := range ms {
			require.Greater(t, m.Sequence, last[m.Subject], "message %d comes again, or late", m.Sequence)
			last[m.Subject], all = m.Sequence, append(all, string(m.Data))
		}
		if p.position != nil {
			positions[partition] = p.position
		}
		return err
	}
	for _, n := range []int{3, 5, 2, 3, 1, 4} {
		o := r.options()
		o.Partitions, o.Bounded = n, true
		for i := range n {
			if err := read(o, partition(i, n), 1+random.IntN(20)); err != nil {
				require.Equal(t, io.EOF, err)
			}
		}
	}
	for i := range 2 {
		o := r.options()
		o.Partitions, o.Bounded = 2, true
		require.Equal(t, io.EOF, read(o, partition(i, 2), 1000))
	}
	require.ElementsMatch(t, numbers(1, 300), all)
}

func partition(i, of int) string { return strconv.Itoa(i) + " of " + strconv.Itoa(of) }
