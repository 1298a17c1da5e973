package chaos

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/internal/rig"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	tridentstream "github.com/galestream/gale/trident/jetstream"
	"github.com/stretchr/testify/require"
)

// tally is the topology of the tests of package trident: it makes of each number of a stream a record with a key and an amount, brings each to
// another stream, and keeps for each key the least amount, the greatest (on disk), the sum and how many there were. It also keeps what windows over the stream's
// sequences have given, once they have closed.
type tally struct {
	Name    string
	URL     string // of the NATS server that has the stream of numbers
	Sink    string // of the NATS server that has the other one, or of a proxy before it
	Workers int
	Tasks   int    // of each component but the source
	Build   string // which of its programs; empty for the first
}

// The programs of a tally beside the first.
const (
	longerTally  = "longer"  // keeps one more state, and has an operator more
	retypedTally = "retyped" // keeps its counts as another type
	heavyTally   = "heavy"   // keeps one more state, whose values are large, so that snapshots are taken and the log is trimmed
)

// tallyVariable has the tally that a process of the topology runs, in JSON.
const tallyVariable = "CHAOS_TALLY"

const (
	tallySource = "numbers"
	tallySink   = "echo"
	tallyWindow = "window"
	tallyKeys   = 10
	tallySpan   = 100 // sequences of a window
)

// entry is a record of a tally.
type entry struct {
	N      int64
	Key    string
	Amount int64
	At     int64 // its sequence in the stream, which is its time for windows, so that none is late
}

// entryOf makes a record of a number. Amounts are of both signs, so that a sum shows what is lost or doubled.
func entryOf(n int64) entry {
	mixed := rand.NewPCG(uint64(n), 0)
	return entry{N: n, Key: "k" + strconv.FormatUint(mixed.Uint64()%tallyKeys, 10), Amount: int64(mixed.Uint64()%2_000_001) - 1_000_000}
}

func readTally() (l tally, err error) {
	if err := json.Unmarshal([]byte(os.Getenv(tallyVariable)), &l); err != nil {
		return l, fmt.Errorf("the variable %s: %w", tallyVariable, err)
	}
	return l, nil
}

// builder declares the topology.
func (l tally) builder() *topology.Builder {
	b := topology.NewBuilder(l.Name)
	in := tridentstream.SourceOptions{Access: jetstream.Access{URL: l.URL}, Stream: inStream}
	entries := trident.Repartition(trident.NewStream(b, tallySource, tridentstream.SourceOf(in, parseEntry)), trident.Shuffle[entry]()).Parallelism(l.Tasks)
	out := tridentstream.SinkOptions[entry]{Access: jetstream.Access{URL: l.Sink}, Stream: outStream, Subject: outStream, Encode: encodeEntry}
	trident.PartitionPersist(entries, tallySink, tridentstream.Sink(out))
	byKey := trident.GroupBy(entries, func(e entry) string { return e.Key })
	trident.PersistentAggregate(byKey, "min", trident.Min(amountOf)).Parallelism(l.Tasks)
	trident.PersistentAggregate(byKey, "max", trident.Max(amountOf), trident.OnDisk()).Parallelism(l.Tasks)
	trident.PersistentAggregate(byKey, "sum", trident.Sum(amountOf)).Parallelism(l.Tasks)
	l.windows(byKey)
	switch l.Build {
	case longerTally:
		odd := trident.Filter(entries, func(e entry) bool { return e.N%2 == 1 })
		trident.PersistentAggregate(trident.GroupBy(odd, func(e entry) string { return e.Key }), "odd", trident.Count[entry]()).Parallelism(l.Tasks)
	case retypedTally:
		trident.PersistentAggregate(byKey, "count", trident.Combiner[entry, string]{Init: func(entry) string { return "I" }, Combine: func(a, b string) string { return a + b }}).Parallelism(l.Tasks)
		return b
	}
	if l.Build == heavyTally {
		trident.PersistentAggregate(byKey, "heavy", trident.Combiner[entry, string]{Init: heavy, Combine: func(a, b string) string { return max(a, b) }})
	}
	trident.PersistentAggregate(byKey, "count", trident.Count[entry]()).Parallelism(l.Tasks)
	return b
}

// windows keeps the result of each window and key under a key of its own, as a sum: one that is lost is not there, one that comes twice is twice as much.
func (l tally) windows(byKey trident.Grouped[string, entry]) {
	at := func(e entry) time.Time { return time.UnixMilli(e.At) }
	closed := trident.TumblingTime(byKey, tallyWindow, tallySpan*time.Millisecond, trident.Sum(amountOf), trident.EventTime(at, 0)).Parallelism(l.Tasks).Results()
	byWindow := trident.GroupBy(closed, func(r trident.Pair[string, trident.Window[int64]]) string {
		return windowKey(r.Key, int(r.Value.Start.UnixMilli()/tallySpan))
	})
	result := func(r trident.Pair[string, trident.Window[int64]]) int64 { return r.Value.Value }
	trident.PersistentAggregate(byWindow, tallyResults, trident.Sum(result)).Parallelism(l.Tasks)
}

// windowKey is what the result of a key's window is found at; windows are numbered from 0.
func windowKey(key string, window int) string { return key + "/" + strconv.Itoa(window) }

func amountOf(e entry) int64 { return e.Amount }

// heavy is a large value that has the amount in it.
func heavy(e entry) string { return fmt.Sprintf("%032768d", e.N) }

func parseEntry(m tridentstream.Message) (entry, error) {
	n, err := strconv.ParseInt(string(m.Data), 10, 64)
	e := entryOf(n)
	e.At = int64(m.Sequence) //nolint:gosec // sequences are small
	return e, err
}

func encodeEntry(e entry) ([]byte, error) { return json.Marshal(rig.Result{N: e.N, Value: e.Amount}) }

// submission is what a client submits to run the tally.
func (l tally) submission(t *testing.T) client.Submission {
	t.Helper()
	text, err := json.Marshal(l)
	require.NoError(t, err)
	return client.Submission{
		Program: client.Program{Path: os.Args[0], Env: map[string]string{tallyVariable: string(text)}},
		Workers: l.Workers,
	}
}
