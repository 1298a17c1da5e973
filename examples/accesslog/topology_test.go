package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// output collects what is printed, by several tasks.
type output struct {
	mu struct {
		sync.Mutex
		text strings.Builder
	}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mu.text.Write(p)
}

// lines returns what was printed since it was last called.
func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.mu.text.String()
	o.mu.text.Reset()
	return linesOf(text)
}

func linesOf(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == '\n' })
}

func defaults(t *testing.T, args ...string) options {
	o, err := parseOptions(append(args, "testdata/access.log"), t.Output())
	require.NoError(t, err)
	return o
}

// fed runs the topology on lines that the test feeds.
func fed(t *testing.T, args ...string) (*topologytest.Harness, *output) {
	out := &output{}
	return topologytest.New(t, accesslog(defaults(t, args...), out), topologytest.Fed("tail"), topologytest.Serialize()), out
}

func feed(h *topologytest.Harness, lines ...string) {
	for i, line := range lines {
		h.Feed("tail", line, "access.log", int64(i))
	}
	h.Settle()
}

// logged is a line of the log: a request at the time, of the given status and duration.
func logged(at time.Time, path string, status int, took time.Duration) string {
	return entry{host: "192.0.2.1", at: at, request: "GET " + path + " HTTP/1.1", status: status, duration: took, timed: true}.String()
}

// counter returns the sum of a component's own counter.
func counter(s worker.Snapshot, component, name string) int64 {
	return figures(s, component).Counters[name]
}

func figures(s worker.Snapshot, component string) worker.ComponentSnapshot {
	for _, c := range s.Components() {
		if c.Component == component {
			return c
		}
	}
	panic("no component " + component)
}

func TestAlertsAreChangesOnly(t *testing.T) {
	h, out := fed(t)
	at := h.Now()
	for range 19 {
		feed(h, logged(at, "/a?b=c", 503, 0))
	}
	require.Empty(t, out.lines(), "too few")
	feed(h, logged(at, "/a", 503, 0))
	require.Equal(t, []string{"FIRING   errors /a: 20 of 20 requests (100.0 %) in 1m0s failed with 5xx, at 2026-01-01T00:00:00Z"}, out.lines())
	feed(h, logged(at, "/a", 503, 0), logged(at, "/a", 200, 0))
	h.Advance(59 * time.Second)
	require.Empty(t, out.lines(), "no change")
	h.Advance(2 * time.Second)
	require.Equal(t, []string{"RESOLVED errors /a: 0 of 0 requests (0.0 %) in 1m0s failed with 5xx, at 2026-01-01T00:01:00Z"}, out.lines())
	h.Advance(time.Hour)
	require.Empty(t, out.lines())
	require.Empty(t, h.Run().Errors())
}

func TestSlowRequestsAlert(t *testing.T) {
	h, out := fed(t, "-slow=500ms:0.1:0.05", "-min=10")
	at := h.Now()
	for range 9 {
		feed(h, logged(at, "/a", 200, 500*time.Millisecond))
	}
	feed(h, logged(at, "/a", 200, 501*time.Millisecond))
	require.Equal(t, []string{"FIRING   slow   /a: 1 of 10 requests (10.0 %) in 1m0s took longer than 500ms, at 2026-01-01T00:00:00Z"}, out.lines())
	for range 10 {
		feed(h, logged(at, "/a", 200, 0))
	}
	require.Equal(t, []string{"RESOLVED slow   /a: 1 of 20 requests (5.0 %) in 1m0s took longer than 500ms, at 2026-01-01T00:00:00Z"}, out.lines())
	require.Empty(t, h.Run().Errors())
}

func TestPathsArePrintedHarmlessly(t *testing.T) {
	h, out := fed(t, "-min=1")
	feed(h, logged(h.Now(), "/\x1b[31m", 500, 0))
	require.Equal(t, []string{`FIRING   errors /\x1B[31m: 1 of 1 requests (100.0 %) in 1m0s failed with 5xx, at 2026-01-01T00:00:00Z`}, out.lines())
}

func TestMalformedLinesAreDeadLetters(t *testing.T) {
	h, out := fed(t)
	for i := range 3 * shownDead {
		feed(h, fmt.Sprint("garbage ", i))
	}
	feed(h, logged(h.Now(), "/a", 200, 0))
	h.Run()
	lines := out.lines()
	require.Len(t, lines, shownDead+1)
	require.Equal(t, `DEAD     access.log at byte 0: byte 9: a space and the user must follow here: "garbage 0"`, lines[0])
	require.Equal(t, "DEAD     15 lines in all were malformed, of which the first 5 are above", lines[shownDead])
	require.EqualValues(t, 15, counter(h.Snapshot(), "dead", "lines.malformed"))
	require.EqualValues(t, 15, figures(h.Snapshot(), "parse").DeadLetters)
	require.Len(t, h.Acked("rates"), 1)
	require.Empty(t, h.Failed("parse"))
	require.Len(t, h.Trees("tail"), 16, "each line is complete, once")
	require.Empty(t, h.Errors())
}

func TestWhatCantBeJudgedIsCounted(t *testing.T) {
	h, _ := fed(t, "-paths=1", "-window=10s")
	at := h.Now()
	feed(h, logged(at, "/a", 200, 0), logged(at.Add(11*time.Second), "/a", 200, 0), logged(at.Add(-10*time.Second), "/a", 200, 0),
		logged(at.Add(-20*time.Second), "/a", 200, 0), logged(at, "/b", 200, 0), logged(at, "/c", 200, 0), logged(at, "/d", 200, 0))
	s := h.Snapshot()
	require.EqualValues(t, 1, counter(s, "rates", "requests.future"))
	require.EqualValues(t, 2, counter(s, "rates", "requests.late"))
	require.Positive(t, counter(s, "rates", "requests.other"))
	require.ElementsMatch(t, []string{
		"rates: a request of 2026-01-01T00:00:11Z is left out: it is from the future by more than the window; further ones are counted, not reported",
		"rates: a request of 2025-12-31T23:59:50Z is left out: it is older than the window; further ones are counted, not reported",
	}, h.Errors())
}

// wantOfTestdata returns what the log in testdata gives with the default rules; which of two
// tasks prints first is left open.
func wantOfTestdata(t *testing.T) []string {
	text, err := os.ReadFile("testdata/access.want")
	require.NoError(t, err)
	return linesOf(string(text))
}

func TestTestdata(t *testing.T) {
	h, out := fed(t)
	offset := 0
	for _, line := range testLines(t) {
		h.Feed("tail", line, "testdata/access.log", int64(offset))
		offset += len(line) + 1
	}
	h.Run()
	require.ElementsMatch(t, wantOfTestdata(t), out.lines())
	require.EqualValues(t, 193, figures(h.Snapshot(), "rates").Acked)
	require.Empty(t, h.Errors())
}

func TestUnreadOutputEndsTheTopology(t *testing.T) {
	o := defaults(t, "-from-start")
	topo, err := accesslog(o, brokenPipe{}).Build()
	require.NoError(t, err)
	w, err := worker.New(topo, worker.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err = w.Run(ctx)
	require.ErrorIs(t, err, errBroken)
	require.True(t, topology.IsFatal(err))
}
