package worker

import (
	"context"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

type constSpout struct {
	n, acked, failed int
	limit            int
}

func (s *constSpout) Next(ctx context.Context, out *topology.SpoutCollector) error {
	if s.limit > 0 && s.n == s.limit {
		return topology.ErrEnd
	}
	s.n++
	out.EmitID(s, "some data")
	return nil
}
func (s *constSpout) Ack(id any)           { s.acked++ }
func (s *constSpout) Fail(id any, e error) { s.failed++ }

func TestSmoke(t *testing.T) {
	sp := &constSpout{limit: 1000000}
	b := topology.NewBuilder("smoke")
	b.Spout("const", func() topology.Spout { return sp }).Emits("v")
	b.Bolt("id", topology.BoltFunc(func(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
		out.Emit(t.String("v"))
		return nil
	})).Emits("v").Parallelism(2).Shuffle("const")
	b.Bolt("null", topology.BoltFunc(func(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
		return nil
	})).Shuffle("id").Parallelism(2)
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := New(topo, Options{})
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, w.Run(t.Context()))
	t.Log(time.Since(began))
	require.Equal(t, sp.limit, sp.acked)
	s := w.Snapshot()
	for _, c := range s.Components() {
		t.Logf("%s %+v p50 %d", c.Component, c.Counts, c.Complete.Quantile(0.5))
	}
}
