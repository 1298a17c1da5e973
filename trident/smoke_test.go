package trident_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"
)

type listSource struct{ lines []string }

func (l listSource) Kind() trident.Kind                           { return trident.Transactional }
func (l listSource) Partitions(context.Context) ([]string, error) { return []string{"0"}, nil }
func (l listSource) Open(_ context.Context, _ string, after []byte, ready func()) (trident.Reader[string], error) {
	ready()
	return &listReader{lines: l.lines[len(after):], pos: len(after)}, nil
}

type listReader struct {
	lines []string
	pos   int
}

func (l *listReader) Read(records []string, max int) ([]string, []byte, error) {
	if len(l.lines) == 0 {
		return records, nil, io.EOF
	}
	records = append(records, l.lines[0])
	l.lines, l.pos = l.lines[1:], l.pos+1
	return records, make([]byte, l.pos), nil
}
func (l *listReader) Close() error { return nil }

func TestSmoke(t *testing.T) {
	b := topology.NewBuilder("smoke")
	lines := trident.NewStream[string](b, "lines", listSource{[]string{"a b c", "a b", "a"}})
	words := trident.FlatMap(lines, strings.FieldsSeq)
	counts := trident.PersistentAggregate(trident.GroupBy(words, func(w string) string { return w }), "counts", trident.Count[string]()).Parallelism(2)
	var mu sync.Mutex
	got := map[string]int64{}
	trident.Peek(counts.Updates(), func(p trident.Pair[string, int64]) {
		mu.Lock()
		defer mu.Unlock()
		got[p.Key] = p.Value
	})
	topo, err := b.Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{Log: zaptest.NewLogger(t)})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	require.NoError(t, w.Run(ctx))
	require.NoError(t, ctx.Err())
	require.Equal(t, map[string]int64{"a": 3, "b": 2, "c": 1}, got)
}
