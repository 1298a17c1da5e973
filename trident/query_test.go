package trident_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"
)

// asker asks a running topology.
type asker struct {
	t *testing.T
	w *worker.Worker
}

func startAsker(t *testing.T, b *topology.Builder, o worker.Options) *asker {
	t.Helper()
	topo, err := b.Build()
	require.NoError(t, err)
	return startAskerOf(t, topo, o)
}

func startAskerOf(t *testing.T, topo *topology.Topology, o worker.Options) *asker {
	t.Helper()
	if o.Log == nil {
		o.Log = zaptest.NewLogger(t)
	}
	w, err := worker.New(topo, o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return &asker{t, w}
}

func (a *asker) task(component string) topology.TaskID {
	for _, task := range a.w.Snapshot().Tasks {
		if task.Component == component {
			return task.Task
		}
	}
	a.t.Fatalf("there is no component %q", component)
	return 0
}

func (a *asker) ask(component, endpoint, request string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		answer, err := a.w.Ask(ctx, a.task(component), endpoint, []byte(request))
		if errors.Is(err, worker.ErrNoEndpoint) && ctx.Err() == nil {
			continue
		}
		return string(answer), err
	}
}

func TestQueryAnswersFromStates(t *testing.T) {
	for _, serialize := range []bool{false, true} {
		b := topology.NewBuilder("queries")
		words := trident.FlatMap(trident.NewStream(b, "lines", trident.Records([]string{"a b c", "a b", "a"})), strings.FieldsSeq)
		self := func(w string) string { return w }
		counts := trident.PersistentAggregate(trident.GroupBy(words, self), "counts", trident.Count[string]()).Parallelism(3)
		synonyms := trident.StaticTable(b, "synonyms", func(context.Context) (iter.Seq2[string, string], error) {
			return maps.All(map[string]string{"first": "a", "second": "b"}), nil
		}).Parallelism(2)
		asked := trident.FlatMap(trident.NewQuery(b, "count"), strings.FieldsSeq)
		plain := trident.StateQuery(asked, synonyms, self, func(w, v string, found bool) string {
			if w == "poison" {
				panic("poison")
			}
			if found {
				return v
			}
			return w
		})
		found := trident.StateQuery(plain, counts, self, func(_ string, n int64, _ bool) int64 { return n })
		trident.Answer(trident.AggregateAll(found, trident.Sum(func(n int64) int64 { return n })))
		a := startAsker(t, b, worker.Options{SerializeEveryHop: serialize})
		require.Eventually(t, func() bool {
			answer, err := a.ask("query.count", trident.QueryEndpoint, "first second c nothing")
			require.NoError(t, err)
			return answer == "[6]"
		}, 10*time.Second, time.Millisecond)
		_, err := a.ask("query.count", trident.QueryEndpoint, "a poison")
		require.ErrorContains(t, err, "poison")
		answer, err := a.ask("query.count", trident.QueryEndpoint, "")
		require.NoError(t, err)
		require.Equal(t, "[0]", answer)
		answer, err = a.ask(trident.Coordinator, trident.StatesEndpoint, "")
		require.NoError(t, err)
		require.Contains(t, answer, `{"name":"counts","kind":"map","component":"counts","partitions":3,"key":"string"}`)
	}
}

// TestQueriesAndSourcesSeeAValue has a query ask for the committed value of a whole stream, and a source's records see the value after their batch.
func TestQueriesAndSourcesSeeAValue(t *testing.T) {
	b := topology.NewBuilder("values")
	changed := make(chan struct{}, 1)
	feed := trident.NewFeed[string](1, 10)
	words := trident.NewStream[string](b, "words", feed)
	total := trident.PersistentAggregateAll(words, "total", trident.Count[string]())
	said := func(x string, n int64, found bool) string { return fmt.Sprint(x, " ", n, " ", found) }
	seen := commits(trident.ValueQuery(words, total, said), "seen")
	seen.changed = changed
	trident.Answer(trident.ValueQuery(trident.NewQuery(b, "total"), total, said))
	a := startAsker(t, b, worker.Options{SerializeEveryHop: true})
	answer, err := a.ask("query.total", trident.QueryEndpoint, "first")
	require.NoError(t, err)
	require.Equal(t, `["first 0 false"]`, answer)
	for i, word := range []string{"a", "b"} {
		_, err := feed.Send(t.Context(), 0, word)
		require.NoError(t, err)
		eventually(t, changed, func() bool { return len(seen.all()) == i+1 })
		require.Equal(t, fmt.Sprintf("%s %d true", word, i+1), seen.all()[i])
		answer, err = a.ask("query.total", trident.QueryEndpoint, "now")
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf(`["now %d true"]`, i+1), answer)
	}
}
