package topology_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

func twoStreams() []*topology.Stream {
	return []*topology.Stream{
		{Component: "c", Name: "late", Fields: []string{"x"}},
		{Component: "c", Name: topology.DefaultStream, Fields: []string{"x"}},
	}
}

func newCollector() (*topology.Collector, *port) {
	p := &port{}
	return topology.NewCollector(p, twoStreams()), p
}

func newSpoutCollector() (*topology.SpoutCollector, *port) {
	p := &port{}
	return topology.NewSpoutCollector(p, twoStreams()), p
}

// plain is what a port sees of Emit(1), before and after whatever else.
var plain = emission{Stream: 1, Values: []any{int64(1)}}

func plainly(e emission) emission {
	e.Name = "" // which means nothing where there is a stream
	if len(e.Anchors) == 0 {
		e.Anchors = nil
	}
	return e
}

func TestCollectorEmits(t *testing.T) {
	a, b := topology.NewTick(), topology.NewTick()
	explicit := topology.AnchorExplicit
	for name, c := range map[string]struct {
		emit func(out *topology.Collector)
		want emission
	}{
		"plain":      {func(out *topology.Collector) { out.Emit(1) }, plain},
		"no values":  {func(out *topology.Collector) { out.Emit() }, emission{Stream: 1}},
		"several":    {func(out *topology.Collector) { out.Emit(1, "a", nil) }, emission{Stream: 1, Values: []any{int64(1), "a", nil}}},
		"stream":     {func(out *topology.Collector) { out.Stream("late").Emit(2) }, emission{Stream: 0, Values: []any{int64(2)}}},
		"unanchored": {func(out *topology.Collector) { out.Unanchored().Emit(2) }, emission{Stream: 1, Values: []any{int64(2)}, Anchoring: topology.AnchorNone}},
		"anchored": {func(out *topology.Collector) { out.Anchored(a, b).Emit(2) },
			emission{Stream: 1, Values: []any{int64(2)}, Anchoring: explicit, Anchors: []*topology.Tuple{a, b}}},
		"anchored to none": {func(out *topology.Collector) { out.Anchored().Emit(2) }, emission{Stream: 1, Values: []any{int64(2)}, Anchoring: explicit}},
		"direct": {func(out *topology.Collector) { out.Stream("late").Direct(5).Emit(2) },
			emission{Stream: 0, Values: []any{int64(2)}, Direct: 5}},
		"stream, anchored, direct": {func(out *topology.Collector) { out.Stream("late").Anchored(a).Direct(5).Emit(2) },
			emission{Stream: 0, Values: []any{int64(2)}, Anchoring: explicit, Anchors: []*topology.Tuple{a}, Direct: 5}},
		"direct, anchored, stream": {func(out *topology.Collector) { out.Anchored(a).Direct(5).Stream("late").Emit(2) },
			emission{Stream: 0, Values: []any{int64(2)}, Anchoring: explicit, Anchors: []*topology.Tuple{a}, Direct: 5}},
		"the last selection holds": {func(out *topology.Collector) {
			out.Stream("late").Stream(topology.DefaultStream).Unanchored().Anchored(a).Anchored(b).Direct(5).Direct(6).Emit(2)
		}, emission{Stream: 1, Values: []any{int64(2)}, Anchoring: explicit, Anchors: []*topology.Tuple{b}, Direct: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			out, p := newCollector()
			c.emit(out)
			out.Emit(1)
			require.Len(t, p.emitted, 2)
			require.Equal(t, c.want, plainly(p.emitted[0]))
			require.Equal(t, plain, plainly(p.emitted[1]), "a plain emit afterwards")
			require.Empty(t, p.reported)
		})
	}
}

func TestUnknownStreamIsNamed(t *testing.T) {
	out, p := newCollector()
	out.Stream("lat").Emit(1)
	require.Equal(t, -1, p.last().Stream)
	require.Equal(t, "lat", p.last().Name)

	spout, p := newSpoutCollector()
	spout.Stream("lat").EmitID("id", 1)
	require.Equal(t, emission{Stream: -1, Name: "lat", Values: []any{int64(1)}, Tracked: true, ID: "id"}, p.last())
}

func TestSpoutCollectorEmits(t *testing.T) {
	for name, c := range map[string]struct {
		emit func(out *topology.SpoutCollector)
		want emission
	}{
		"plain":  {func(out *topology.SpoutCollector) { out.Emit(1) }, plain},
		"id":     {func(out *topology.SpoutCollector) { out.EmitID("id", 2) }, emission{Stream: 1, Values: []any{int64(2)}, Tracked: true, ID: "id"}},
		"nil id": {func(out *topology.SpoutCollector) { out.EmitID(nil, 2) }, emission{Stream: 1, Values: []any{int64(2)}, Tracked: true}},
		"stream": {func(out *topology.SpoutCollector) { out.Stream("late").Emit(2) }, emission{Stream: 0, Values: []any{int64(2)}}},
		"stream, id": {func(out *topology.SpoutCollector) { out.Stream("late").EmitID("id", 2) },
			emission{Stream: 0, Values: []any{int64(2)}, Tracked: true, ID: "id"}},
		"stream, direct, id": {func(out *topology.SpoutCollector) { out.Stream("late").Direct(3).EmitID("id", 2) },
			emission{Stream: 0, Values: []any{int64(2)}, Tracked: true, ID: "id", Direct: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			out, p := newSpoutCollector()
			c.emit(out)
			out.Emit(1)
			require.Len(t, p.emitted, 2)
			require.Equal(t, c.want, plainly(p.emitted[0]))
			require.Equal(t, plain, plainly(p.emitted[1]), "a plain emit afterwards")
		})
	}
}

func TestEmitAfterAnErrorIsClean(t *testing.T) {
	bad := new(int)
	out, p := newCollector()
	for name, emit := range map[string]func(){
		"plain":   func() { out.Emit("good", bad) },
		"emitter": func() { out.Stream("late").Anchored(topology.NewTick()).Direct(1).Emit(bad, "good") },
	} {
		t.Run(name, func(t *testing.T) {
			emit()
			require.ErrorContains(t, p.last().Err, "*int")
			out.Emit(1)
			require.Equal(t, plain, plainly(p.last()))
		})
	}
	spout, p := newSpoutCollector()
	spout.EmitID("id", bad)
	require.ErrorContains(t, p.last().Err, "*int")
	require.True(t, p.last().Tracked)
	spout.Emit(1)
	require.Equal(t, plain, plainly(p.last()))
}

// A spout's Ack and Fail run within EmitID, and must not emit.
func TestNestedEmitsAreRefused(t *testing.T) {
	for name, nested := range map[string]func(out *topology.SpoutCollector){
		"emit":              func(out *topology.SpoutCollector) { out.Emit("nested") },
		"id":                func(out *topology.SpoutCollector) { out.EmitID("other", "nested") },
		"stream":            func(out *topology.SpoutCollector) { out.Stream("late").Emit("nested") },
		"stream, direct":    func(out *topology.SpoutCollector) { out.Stream("late").Direct(9).EmitID("other", "nested") },
		"what can't travel": func(out *topology.SpoutCollector) { out.EmitID("other", new(int)) },
		"struct":            func(out *topology.SpoutCollector) { topology.EmitStruct(out, struct{ X int }{9}) },
		"struct with id":    func(out *topology.SpoutCollector) { topology.EmitStructID(out, "other", struct{ X int }{9}) },
	} {
		t.Run(name, func(t *testing.T) {
			out, p := newSpoutCollector()
			p.within = func(*topology.Emission) { nested(out) }
			out.Stream("late").Direct(3).EmitID("id", "outer")
			require.Equal(t, []emission{{Stream: 0, Name: "late", Values: []any{"outer"}, Tracked: true, ID: "id", Direct: 3}}, p.take())
			require.Len(t, p.reported, 1)
			require.ErrorContains(t, p.reported[0], "emit from within an emit")

			out.Emit(1)
			require.Equal(t, plain, plainly(p.last()), "afterwards it emits as ever")
		})
	}
}

func TestCollectorSettles(t *testing.T) {
	out, p := newCollector()
	a, b, c := topology.NewTick(), topology.NewTick(), topology.NewTick()
	cause := errors.New("cause")
	out.Ack(a)
	out.Fail(b, cause)
	out.ResetTimeout(c)
	out.Report(cause)
	require.Equal(t, []*topology.Tuple{a}, p.acked)
	require.Equal(t, []*topology.Tuple{b}, p.failed)
	require.Equal(t, []error{cause}, p.causes)
	require.Equal(t, []*topology.Tuple{c}, p.reset)
	require.Equal(t, []error{cause}, p.reported)
	require.Empty(t, p.emitted)
}

// Narrow emits after wide ones show none of the wide ones' values.
func TestEmitsOfChangingWidth(t *testing.T) {
	out, p := newCollector()
	for _, width := range []int{2, 200, 0, 9, 1} {
		_, values := numbered(width, 10*width)
		out.Emit(values...)
		require.Equal(t, anys(valuesOf(values...)), p.last().Values)
	}
}

func TestMissingDefaultStreamIsNamed(t *testing.T) {
	none := []*topology.Stream{{Component: "c", Name: "late", Fields: []string{"x"}}}
	p := &port{}
	out, spout := topology.NewCollector(p, none), topology.NewSpoutCollector(p, none)
	for name, emit := range map[string]func(){
		"emit":           func() { out.Emit(1) },
		"after a stream": func() { out.Stream("late").Emit(1); out.Emit(1) },
		"unanchored":     func() { out.Unanchored().Emit(1) },
		"spout":          func() { spout.Emit(1) },
		"id":             func() { spout.EmitID("id", 1) },
		"struct with id": func() { topology.EmitStructID(spout, "id", struct{ X int }{1}) },
	} {
		t.Run(name, func(t *testing.T) {
			emit()
			require.Equal(t, -1, p.last().Stream)
			require.Equal(t, topology.DefaultStream, p.last().Name)
		})
	}
}

func TestNestedAnchorsAreRefused(t *testing.T) {
	a, b, c := topology.NewTick(), topology.NewTick(), topology.NewTick()
	out, p := newCollector()
	p.within = func(*topology.Emission) { out.Anchored(c).Emit("nested") }
	out.Anchored(a, b).Emit("outer")
	require.Len(t, p.emitted, 1)
	require.Equal(t, []*topology.Tuple{a, b}, p.last().Anchors)
	require.Len(t, p.reported, 1)
}

func TestEmitterKeepsItsAnchors(t *testing.T) {
	a, b, c := topology.NewTick(), topology.NewTick(), topology.NewTick()
	out, p := newCollector()
	anchored := out.Anchored(a, b, c)
	for range 2 {
		anchored.Emit(2)
		require.Equal(t, []*topology.Tuple{a, b, c}, p.last().Anchors)
	}
}
