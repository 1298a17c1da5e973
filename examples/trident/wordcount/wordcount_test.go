package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale"
	"github.com/galestream/gale/internal/leak"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	if os.Getenv(mainVariable) != "" {
		main()
	}
	goleak.VerifyTestMain(m, leak.OfPut())
}

// patience is how long a test waits for what has to happen.
const patience = time.Minute

var word = regexp.MustCompile(`[\p{L}\p{Nd}]+`)

// plainly counts the words of a text without any of the above.
func plainly(text string) map[string]int64 {
	counts := map[string]int64{}
	for _, w := range word.FindAllString(strings.ToLower(text), -1) {
		counts[w]++
	}
	return counts
}

// printed is what is to be printed of counts.
func printed(counts map[string]int64, top int) string {
	all := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return compare(count{Word: a, Count: counts[a]}, count{Word: b, Count: counts[b]})
	})
	var b strings.Builder
	for _, w := range all[:min(top, len(all))] {
		fmt.Fprintf(&b, "%7d %s\n", counts[w], w)
	}
	return b.String()
}

// run counts in batches of so many lines, and returns what is printed.
func run(t *testing.T, top, lines int, paths ...string) string {
	t.Helper()
	var out bytes.Buffer
	b := wordcount(paths, false, newPrinter(&out, top))
	trident.Configure(b, trident.BatchRecords(lines))
	topo, err := b.Build()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, gale.Run(ctx, topo, worker.Options{}))
	require.NoError(t, ctx.Err(), "it did not end by itself")
	return out.String()
}

func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestWordsOfTheReadme(t *testing.T) {
	readme := filepath.Join("..", "..", "..", "README.md")
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	for _, lines := range []int{3, 65536} {
		require.Equal(t, printed(plainly(string(text)), 100), run(t, 100, lines, readme))
	}
}

func TestOddText(t *testing.T) {
	text := "It's it, IT; Ünïcode ünïcode\tx1 1x\r\n\n \xff\xfe\nno newline: the end"
	require.Equal(t, printed(plainly(text), 100), run(t, 100, 1, write(t, "odd", text)))
	require.Empty(t, run(t, 5, 1, write(t, "empty", "")))
}

func TestASecondRunGoesOnWhereTheFirstWas(t *testing.T) {
	t.Setenv(changelog.Variable, "folder:"+t.TempDir())
	path := write(t, "text", "")
	var text strings.Builder
	add := func(line string) {
		text.WriteString(line)
		require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	}
	for i := range 5 {
		add(strings.Repeat(fmt.Sprintf("word%d again\n", i), 300+i))
		want := printed(plainly(text.String()), 10)
		require.Equal(t, want, run(t, 10, 1, path))
		require.Equal(t, want, run(t, 10, 1, path), "nothing new")
	}
}

// TestUnderFaults has tuples lost, late and doubled on their way, and functions that panic: each word counts once.
func TestUnderFaults(t *testing.T) {
	path := write(t, "text", strings.Repeat("a b c d a\n", 100))
	for seed := uint64(1); seed <= 10; seed++ {
		p := newPrinter(io.Discard, 10)
		b := wordcount([]string{path}, false, p)
		trident.Configure(b, trident.BatchRecords(9))
		h := topologytest.New(t, b, topologytest.Seed(seed), topologytest.Serialize(),
			topologytest.WithFaults(topologytest.Faults{Drop: 0.02, Delay: 0.05, Duplicate: 0.02, Panic: 0.01}))
		h.Run()
		require.Equal(t, []count{{Word: "a", Count: 200}, {Word: "b", Count: 100}, {Word: "c", Count: 100}, {Word: "d", Count: 100}}, p.last, "seed %d", seed)
	}
}

func TestRankingIsThatOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := map[string]int64{}
		var now []count
		for range rapid.IntRange(1, 30).Draw(t, "batches") {
			updates := map[string]bool{}
			for _, w := range rapid.SliceOfN(rapid.IntRange(0, 3*mostKept), 0, 200).Draw(t, "words") {
				counts[fmt.Sprint(w)]++
				updates[fmt.Sprint(w)] = true
			}
			var changed []count
			for w := range updates {
				changed = append(changed, count{Word: w, Count: counts[w]})
			}
			slices.SortFunc(changed, compare)
			now = ranking(now, changed[:min(mostKept, len(changed))])
		}
		var all []count
		for w, n := range counts {
			all = append(all, count{Word: w, Count: n})
		}
		slices.SortFunc(all, compare)
		require.Equal(t, all[:min(mostKept, len(all))], now)
	})
}

func TestQueries(t *testing.T) {
	path := write(t, "text", "the gale is the wind\nthe wind\n")
	topo, err := wordcount([]string{path}, true, newPrinter(&bytes.Buffer{}, 1)).Build()
	require.NoError(t, err)
	a := startAsker(t, topo)
	require.Eventually(t, func() bool { return a.ask("top", "1") == `[{"word":"the","count":3}]` }, patience, time.Millisecond)
	require.Equal(t, map[string]int64{"the": 3, "gale": 1, "nats": 0}, pairs(t, a.ask("count", "The gale, nats")))
	require.Equal(t, `[{"word":"the","count":3},{"word":"wind","count":2},{"word":"gale","count":1}]`, a.ask("top", "3"))
	require.Len(t, pairs(t, a.ask("top", "all")), 4)
	require.Equal(t, "[]", a.ask("top", "0"))
	require.Equal(t, "[]", a.ask("count", ""))
}

// asker asks a topology that runs until the test ends.
type asker struct {
	t *testing.T
	w *worker.Worker
}

func startAsker(t *testing.T, topo *topology.Topology) asker {
	t.Helper()
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return asker{t, w}
}

// ask is answered with nothing by a topology that is not ready yet.
func (a asker) ask(query, argument string) string {
	task, ok := a.w.Task("query."+query, 0)
	require.True(a.t, ok)
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	answer, err := a.w.Ask(ctx, task, trident.QueryEndpoint, []byte(argument))
	if !errors.Is(err, worker.ErrNoEndpoint) {
		require.NoError(a.t, err)
	}
	return string(answer)
}

func pairs(t *testing.T, answer string) map[string]int64 {
	t.Helper()
	var all []count
	require.NoError(t, json.Unmarshal([]byte(answer), &all))
	of := map[string]int64{}
	for _, c := range all {
		of[c.Word] = c.Count
	}
	return of
}
