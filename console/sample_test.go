package console

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// requireGolden compares lines with a file of testdata.
func requireGolden(t *testing.T, name string, lines []string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "if this is meant: go test ./console -update")
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// latencies returns a distribution with one value for each duration.
func latencies(ds ...time.Duration) worker.Latency {
	h := worker.NewHistogram()
	for _, d := range ds {
		h.Record(int64(d))
	}
	return h.Latency()
}

// sample is a topology whose component names don't sort in the order of the flow:
// words -> split -> count, and split -> audit-of-everything-unusual.
func sample(uptime time.Duration, per int64) worker.Snapshot {
	s := worker.Snapshot{Topology: "wordcount", State: "running", At: epoch.Add(uptime), Uptime: uptime}
	spread := latencies(350*time.Microsecond, 400*time.Microsecond, 12*time.Millisecond)
	idle := func(share float64) int64 { return int64(share * float64(uptime)) }
	s.Tasks = []worker.TaskSnapshot{
		{Task: 1, Component: "audit-of-everything-unusual", Counts: worker.Counts{Executed: per / 1000, IdleNanos: idle(1)}},
		{Task: 2, Component: "count", Queued: 700, Process: spread, Counts: worker.Counts{Executed: 4 * per, Acked: 4 * per, BlockedNanos: idle(0.25), IdleNanos: idle(0.125)}},
		{Task: 3, Component: "count", Index: 1, Process: spread, Counts: worker.Counts{Executed: 4 * per, Acked: 4 * per, IdleNanos: idle(0.375)}},
		{Task: 4, Component: "split", Process: latencies(999 * time.Nanosecond), Counts: worker.Counts{Emitted: 8 * per, Executed: per, Acked: per - 3, Failed: 2, DeadLetters: 1, Restarted: 1}},
		{Task: 5, Component: "words", Spout: true, Pending: 123, Complete: latencies(2*time.Second, 61*time.Second), Counts: worker.Counts{Emitted: per, Acked: per, IdleNanos: idle(0.5)}},
	}
	s.Edges = []worker.EdgeSnapshot{{From: 4, To: "audit-of-everything-unusual"}, {From: 4, To: "count"}, {From: 5, To: "split"}}
	s.ErrorTotals = map[string]int64{}
	return s
}

// withErrors adds errors, the later ones in components that come first.
func withErrors(s worker.Snapshot) worker.Snapshot {
	report := func(ago time.Duration, component, text string) {
		s.Errors = append(s.Errors, worker.ReportedError{At: s.At.Add(-ago), Component: component, Text: text})
		s.ErrorTotals[component]++
	}
	report(time.Second, "count", "no word\nin tuple \x1b[2J\xff")
	report(9*time.Second, "split", "the first of split")
	report(8*time.Second, "split", "a line that is much longer than the table is wide, because the parser quotes all of its input in what it has to say about it: 日本語")
	s.Tasks[2].Stuck = 72*time.Second + 300*time.Millisecond
	return s
}

// grown returns a snapshot of n components, one task each, in a chain.
func grown(n int) worker.Snapshot {
	s := worker.Snapshot{Topology: "long", State: "running", Uptime: time.Second}
	for i := range n {
		id := topology.TaskID(i + 1)
		name := "c" + strings.Repeat("x", i%30) + string(rune('a'+i%26))
		s.Tasks = append(s.Tasks, worker.TaskSnapshot{Task: id, Component: name, Spout: i == 0})
		if i > 0 {
			s.Edges = append(s.Edges, worker.EdgeSnapshot{From: id - 1, To: name})
		}
	}
	return s
}
