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

// tallyStates are the states of a tally.
var tallyStates = []string{"min", "max", "sum", "count"}

// totals are what a tally keeps for one key.
type totals struct{ min, max, sum, count int64 }

func (a totals) with(amount int64) totals {
	if a.count == 0 {
		return totals{amount, amount, amount, 1}
	}
	return totals{min(a.min, amount), max(a.max, amount), a.sum + amount, a.count + 1}
}

// of returns the value of a state, as text.
func (a totals) of(state string) []byte {
	x := map[string]int64{"min": a.min, "max": a.max, "sum": a.sum, "count": a.count}[state]
	return strconv.AppendInt(nil, x, 10)
}

// book is the stream of numbers as it is stored: what the totals are at a position follows from it.
type book struct {
	t  *testing.T
	mu struct {
		sync.Mutex
		numbers []int64 // by sequence, less one
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
	}
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
