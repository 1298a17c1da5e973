package topologytest

import (
	"testing"

	"github.com/galestream/gale/topology"
)

// Result is what one bolt has done with the tuples of [RunBolt].
type Result struct {
	Emitted []Tuple // on all streams, in order
	Acked   []Settled
	Failed  []Settled
	Errors  []string // that it reported
}

// On returns the values of what was emitted on the stream ("" for the default one).
func (r Result) On(stream string) [][]any {
	if stream == "" {
		stream = topology.DefaultStream
	}
	var out [][]any
	for _, t := range r.Emitted {
		if t.Stream == stream {
			out = append(out, t.Values)
		}
	}
	return out
}

// RunBolt runs one task of a bolt on tuples of the fields, in their order, until the bolt has
// finished, and returns what it did. declare says what a topology would: its streams, ticks,
// retry policy; nil for nothing. A tuple that fails is not emitted again.
func RunBolt(t testing.TB, bolt func() topology.Bolt, declare func(*topology.BoltDeclarer), fields []string, tuples [][]any, opts ...Option) Result {
	t.Helper()
	b := topology.NewBuilder("bolt-alone")
	next := 0
	b.Spout("input", topology.SpoutFunc(func(_ ctx, out *topology.SpoutCollector) error {
		if next == len(tuples) {
			return topology.ErrEnd
		}
		out.EmitID(next, tuples[next]...)
		next++
		return nil
	})).Emits(fields...)
	d := b.Bolt("bolt", bolt).Shuffle("input")
	if declare != nil {
		declare(d)
	}
	h := New(t, b, opts...).Run()
	return Result{Emitted: h.record.emitted["bolt"], Acked: h.Acked("bolt"), Failed: h.Failed("bolt"), Errors: h.Errors()}
}
