package worker_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

type registered struct {
	Name string
	N    int64
}

type unregistered struct{ Name string }

func init() { topology.Register[registered]("worker_test.registered") }

// everyKind has a value of each kind that may travel.
func everyKind() []any {
	return []any{
		nil, true, int64(math.MinInt64), 7, 1.5, math.Inf(-1), "", "text", strings.Repeat("long ", 10_000), []byte{0, 255}, []byte{},
		time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC),
		topology.Of([]any{nil, int64(1), "two", []any{3.0}}), topology.Of(map[string]any{"a": int64(1), "b": map[string]any{"c": []byte("d")}}),
		topology.Of(registered{"x", 1}), topology.Of([]any{}),
	}
}

// TestSerializeEveryHop lets every kind pass unchanged, over two hops, while many tuples share the codec's buffers.
func TestSerializeEveryHop(t *testing.T) {
	kinds := everyKind()
	s := newSource(len(kinds) * 50)
	s.emit = func(out *topology.SpoutCollector, i int) { out.EmitID(i, i, kinds[i%len(kinds)]) }
	got := map[int64]any{}
	w := runToEnd(t, worker.Options{SerializeEveryHop: true}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n", "value")
		b.Bolt("relay", execute(func(t *topology.Tuple, out *topology.Collector) error {
			out.Emit(t.Int("n"), t.Value("value"))
			return nil
		})).Emits("n", "value").Shuffle("src")
		b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			got[t.Int("n")] = t.Value("value").Any()
			return nil
		})).Shuffle("relay")
	})
	require.Empty(t, w.Snapshot().Errors)
	requireOnce(t, s.n, s.acks)
	for i := range s.n {
		want := kinds[i%len(kinds)]
		if v, ok := want.(topology.Value); ok {
			want = v.Any()
		}
		if n, ok := want.(int); ok {
			want = int64(n)
		}
		require.Equal(t, want, got[int64(i)], "value %d", i)
	}
}

// TestSerializeEveryHopFindsWhatCannotTravel fails the tuples with an object of a type that nobody registered, from a
// spout and from a bolt; without the mode they pass.
func TestSerializeEveryHopFindsWhatCannotTravel(t *testing.T) {
	for _, serialize := range []bool{true, false} {
		t.Run(fmt.Sprint(serialize), func(t *testing.T) {
			s, received := newSource(4), 0
			s.emit = func(out *topology.SpoutCollector, i int) {
				if i < 2 {
					out.EmitID(i, i, topology.Of(unregistered{"x"}))
					return
				}
				out.EmitID(i, i, topology.Of(registered{"x", 1}))
			}
			w := runToEnd(t, worker.Options{SerializeEveryHop: serialize}, func(b *topology.Builder) {
				b.Spout("src", s.factory).Emits("n", "value")
				b.Bolt("relay", execute(func(t *topology.Tuple, out *topology.Collector) error {
					if t.Int("n") == 3 {
						out.Emit(topology.Of(unregistered{"y"}))
						return nil
					}
					out.Emit(t.Value("value"))
					return nil
				})).Emits("value").Shuffle("src")
				b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error { received++; return nil })).Shuffle("relay")
			})
			if !serialize {
				requireOnce(t, 4, s.acks)
				require.Equal(t, 4, received)
				return
			}
			require.Equal(t, map[int]int{2: 1}, s.acks)
			require.Equal(t, map[int]int{0: 1, 1: 1, 3: 1}, s.fails)
			require.Equal(t, 1, received)
			require.Contains(t, errorsOf(w, "src")[0], `emit on stream "default" of "src": `)
			require.Contains(t, errorsOf(w, "src")[0], "worker_test.unregistered")
			require.Contains(t, errorsOf(w, "relay")[0], `emit on stream "default" of "relay": `)
		})
	}
}
