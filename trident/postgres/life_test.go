package postgres_test

import (
	"strings"
	"testing"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/postgres"
	"github.com/stretchr/testify/require"
)

// TestASinkForgetsALifeAsItSays does what writers say when a topology has begun anew without its state; the other sinks of the table know theirs.
func TestASinkForgetsALifeAsItSays(t *testing.T) {
	r := newRig(t)
	ids := []trident.SinkID{{Topology: "o'bank", Sink: "out", Partition: 0}, {Topology: "o'bank", Sink: "out", Partition: 1}, {Topology: "o'bank", Sink: "other"}, {Topology: "bank", Sink: "out"}}
	applied := func(id trident.SinkID) (uint64, trident.Writer[row]) {
		w, err := postgres.Sink(r.options()).Open(r.ctx(), id)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, w.Close()) })
		txid, err := w.Applied(r.ctx())
		require.NoError(t, err)
		return txid, w
	}
	var how string
	for _, id := range ids {
		_, w := applied(id)
		require.NoError(t, w.Apply(r.ctx(), 7, []row{{7, 1}}))
		if id == ids[0] {
			how = w.(trident.Forgetting).HowToForget()
		}
	}
	_, command, _ := strings.Cut(how, "`")
	command, _, _ = strings.Cut(command, "`")
	r.exec(command)
	for i, want := range []uint64{0, 0, 7, 7} {
		txid, w := applied(ids[i])
		require.Equal(t, want, txid, "%v", ids[i])
		if want == 0 {
			require.NoError(t, w.Apply(r.ctx(), 1, []row{{1, int64(i)}}))
		}
	}
	require.Len(t, r.rows(), 6)
}
