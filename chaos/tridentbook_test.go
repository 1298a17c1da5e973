package chaos

import (
	"strconv"
	"sync"
	"testing"

	"github.com/galestream/gale/internal/rig"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// tallyStates are the states of a tally whose values are numbers.
var tallyStates = []string{"min", "max", "sum", "count", tallyResults}

// tallyResults is the state that has the results of windows.
const tallyResults = "tumbled"

// totals are what a tally keeps for one key.
type totals struct{ min, max, sum, count int64 }

func (a totals) with(amount int64) totals {
	if a.count == 0 {
		return totals{amount, amount, amount, 1}
	}
	return totals{min(a.min, amount), max(a.max, amount), a.sum + amount, a.count + 1}
}

// of returns the value of a state.
func (a totals) of(state string) int64 {
	return map[string]int64{"min": a.min, "max": a.max, "sum": a.sum, "count": a.count}[state]
}

// book is the stream of numbers as it is stored: what each state has at a position follows from it.
type book struct {
	t  *testing.T
	mu struct {
		sync.Mutex
		numbers []int64            // by sequence, less one
		windows []map[string]int64 // the results of those whose numbers are all there, by key
	}
}

// readBook reads the stream until the test ends. It has nothing but numbers, and keeps all.
func readBook(t *testing.T, url string) *book {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	c, err := js.OrderedConsumer(t.Context(), inStream, jetstream.OrderedConsumerConfig{})
	require.NoError(t, err)
	b := &book{t: t}
	reading, err := c.Consume(b.take)
	require.NoError(t, err)
	t.Cleanup(reading.Stop)
	return b
}

func (b *book) take(m jetstream.Msg) {
	about, err := m.Metadata()
	if err != nil {
		b.t.Errorf("a number can't be read: %v", err)
		return
	}
	n, err := strconv.ParseInt(string(m.Data()), 10, 64)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch next := uint64(len(b.mu.numbers)) + 1; {
	case about.Sequence.Stream < next: // delivered again, after a reconnect
	case err != nil || about.Sequence.Stream > next:
		b.t.Errorf("message %d of the numbers is %q, and %d should come", about.Sequence.Stream, m.Data(), next)
	default:
		b.mu.numbers = append(b.mu.numbers, n)
		b.maybeCloseLocked(next)
	}
}

// maybeCloseLocked enters the window that ends before the sequence, which has been read.
func (b *book) maybeCloseLocked(sequence uint64) {
	if sequence%tallySpan != 0 {
		return
	}
	results := map[string]int64{}
	for s := max(sequence-tallySpan, 1); s < sequence; s++ {
		e := entryOf(b.mu.numbers[s-1])
		results[e.Key] += e.Amount
	}
	b.mu.windows = append(b.mu.windows, results)
}

// last is the sequence of the last number that was read.
func (b *book) last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(len(b.mu.numbers))
}

// awaitAll waits until the numbers up to n are read, which are all there are, and returns the last sequence.
func (b *book) awaitAll(n int64) uint64 {
	b.t.Helper()
	rig.Await(b.t, "the numbers are read again", func() bool { return b.last() >= uint64(n) })
	require.EqualValues(b.t, n, b.last(), "each number is in the stream once")
	return b.last()
}

// state returns what a state has when the stream is read through the sequence, which must have been read: its values as text.
func (b *book) state(name string, sequence uint64) map[string]string {
	values := map[string]string{}
	if name == tallyResults {
		for i, results := range b.closed(sequence) {
			for key, x := range results {
				values[windowKey(key, i)] = strconv.FormatInt(x, 10)
			}
		}
		return values
	}
	for key, all := range b.through(sequence) {
		values[key] = strconv.FormatInt(all.of(name), 10)
	}
	return values
}

// lastWindows is how many windows recent has.
const lastWindows = 3

// recent is what a state has in the end, but of windows the last ones alone: it takes too long to ask for each.
func (b *book) recent(name string) map[string]string {
	values := b.state(name, b.last())
	if name == tallyResults {
		for i, results := range b.closed(max(b.last(), lastWindows*tallySpan) - lastWindows*tallySpan) {
			for key := range results {
				delete(values, windowKey(key, i))
			}
		}
	}
	return values
}

// closed returns the results of the windows that have closed when the stream is read through the sequence: those that end there or before.
func (b *book) closed(sequence uint64) []map[string]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mu.windows[:sequence/tallySpan]
}

// through returns the totals of each key over what the stream has through the sequence, which must have been read.
func (b *book) through(sequence uint64) map[string]totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]totals{}
	for _, n := range b.mu.numbers[:sequence] {
		e := entryOf(n)
		all[e.Key] = all[e.Key].with(e.Amount)
	}
	return all
}
