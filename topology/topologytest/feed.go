package topologytest

import (
	"context"
	"fmt"

	"github.com/galestream/gale/topology"
)

// feed is a spout that emits what a test gives it, and again what fails.
type feed struct {
	queue []*fedTuple
	next  int
	n     int
	ended bool
	tc    *topology.Context
	stop  error // why the feed emits no more
}

// fedTuple is the message id of what a feed emits.
type fedTuple struct {
	n      int
	stream string
	values []any
	fails  int
}

func (f *feed) spout() topology.Spout { return f }

// Open implements topology.Opener.
func (f *feed) Open(_ context.Context, tc *topology.Context) error {
	f.tc = tc
	return nil
}

// Next implements topology.Spout.
func (f *feed) Next(_ context.Context, out *topology.SpoutCollector) error {
	if f.stop != nil {
		return topology.Fatal(f.stop)
	}
	if f.next == len(f.queue) {
		f.queue, f.next = f.queue[:0], 0
		if f.ended {
			return topology.ErrEnd
		}
		return nil
	}
	t := f.queue[f.next]
	f.next++
	out.Stream(t.stream).EmitID(t, t.values...)
	return nil
}

// Ack implements topology.Acknowledger.
func (f *feed) Ack(any) {}

// maxFails bounds how often a fed tuple is emitted again, so that a test of what always fails ends.
const maxFails = 1000

// Fail implements topology.Acknowledger: the tuple is emitted again.
func (f *feed) Fail(id any, cause error) {
	t := id.(*fedTuple)
	if t.fails++; t.fails == maxFails {
		f.stop = fmt.Errorf("the fed tuple %d %v has failed %d times, the last time because: %w", t.n, t.values, maxFails, cause)
	}
	f.queue = append(f.queue, t)
}

// Feed has a spout that was replaced with [Fed] emit a tuple of the values on its default stream,
// tracked, and again whenever it fails, up to 1000 times: then the test fails. It returns the tuple's message id: 0 for the first.
func (h *Harness) Feed(spout string, values ...any) int {
	h.t.Helper()
	return h.FeedStream(spout, topology.DefaultStream, values...)
}

// FeedStream is Feed for a named stream.
func (h *Harness) FeedStream(spout, stream string, values ...any) int {
	h.t.Helper()
	f := h.feeds[spout]
	if f == nil {
		h.t.Fatalf("topologytest: Feed(%q): the spout was not replaced; give New the option Fed(%q)", spout, spout)
	}
	s := h.component(spout).Stream(stream)
	if s == nil || len(s.Fields) != len(values) {
		h.t.Fatalf("topologytest: Feed(%q) of %d values: stream %q of the spout is declared as %+v", spout, len(values), stream, s)
	}
	t := &fedTuple{n: f.n, stream: stream, values: values}
	f.n++
	f.queue = append(f.queue, t)
	f.tc.Wake()
	return t.n
}
