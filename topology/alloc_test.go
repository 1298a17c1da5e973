package topology

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type nullPort struct {
	slab *Slab
	src  *Stream
}

func (p *nullPort) Emit(e *Emission) {
	if p.slab.Full() {
		p.slab.Reset()
	}
	p.slab.Add(p.src, e.Values, 1, 2)
}
func (p *nullPort) Ack(*Tuple)          {}
func (p *nullPort) Fail(*Tuple, error)  {}
func (p *nullPort) ResetTimeout(*Tuple) {}
func (p *nullPort) Report(error)        {}

func newNullPort(fields ...string) (*nullPort, []*Stream) {
	s := &Stream{Component: "c", Name: DefaultStream, Fields: fields}
	return &nullPort{slab: NewSlab(256), src: s}, []*Stream{s}
}

// free has a field for each kind of value that costs no allocation.
type free struct {
	String  string
	Bool    bool
	Int     int
	Int8    int8
	Int16   int16
	Int32   int32
	Int64   int64
	Uint    uint
	Uint8   uint8
	Uint16  uint16
	Uint32  uint32
	Uint64  uint64
	Float32 float32
	Float64 float64
	Bytes   []byte
	UTC     time.Time
	Local   time.Time
	Object  Value `gale:"-"` // not a field of structs, but of plain emits
}

// The numbers are above 255 where they can be: boxes of smaller ones are free anyway.
var freely = free{
	String: "some data", Bool: true, Int: 1000, Int8: 100, Int16: 1000, Int32: 1000, Int64: 1000,
	Uint: 1000, Uint8: 200, Uint16: 1000, Uint32: 1000, Uint64: 1000, Float32: 0.5, Float64: 0.5,
	Bytes: []byte("some data"), UTC: time.Now().UTC(), Local: time.Now(), Object: Of(&struct{}{}),
}

func requireNoAllocation(t *testing.T, emit func()) {
	t.Helper()
	require.Zero(t, testing.AllocsPerRun(1000, emit))
}

func TestEmitAllocatesNothing(t *testing.T) {
	x := &freely
	for name, emit := range map[string]func(out *Collector){
		"nil":     func(out *Collector) { out.Emit(nil) },
		"string":  func(out *Collector) { out.Emit(x.String) },
		"bool":    func(out *Collector) { out.Emit(x.Bool) },
		"int":     func(out *Collector) { out.Emit(x.Int) },
		"int8":    func(out *Collector) { out.Emit(x.Int8) },
		"int16":   func(out *Collector) { out.Emit(x.Int16) },
		"int32":   func(out *Collector) { out.Emit(x.Int32) },
		"int64":   func(out *Collector) { out.Emit(x.Int64) },
		"uint":    func(out *Collector) { out.Emit(x.Uint) },
		"uint8":   func(out *Collector) { out.Emit(x.Uint8) },
		"uint16":  func(out *Collector) { out.Emit(x.Uint16) },
		"uint32":  func(out *Collector) { out.Emit(x.Uint32) },
		"uint64":  func(out *Collector) { out.Emit(x.Uint64) },
		"float32": func(out *Collector) { out.Emit(x.Float32) },
		"float64": func(out *Collector) { out.Emit(x.Float64) },
		"bytes":   func(out *Collector) { out.Emit(x.Bytes) },
		"UTC":     func(out *Collector) { out.Emit(x.UTC) },
		"local":   func(out *Collector) { out.Emit(x.Local) },
		"object":  func(out *Collector) { out.Emit(x.Object) },
		"wide":    func(out *Collector) { out.Emit(x.String, x.Int, x.Float64, x.Bytes, x.UTC, x.Object) },
	} {
		t.Run(name, func(t *testing.T) {
			out := NewCollector(newNullPort("x"))
			requireNoAllocation(t, func() { emit(out) })
		})
	}
}

func TestEmitIDAllocatesNothing(t *testing.T) {
	x, id := &freely, &struct{ n int }{}
	for name, emit := range map[string]func(out *SpoutCollector){
		"untracked": func(out *SpoutCollector) { out.Emit(x.String, x.Int) },
		"string":    func(out *SpoutCollector) { out.EmitID(id, x.String) },
		"bool":      func(out *SpoutCollector) { out.EmitID(id, x.Bool) },
		"int":       func(out *SpoutCollector) { out.EmitID(id, x.Int) },
		"int8":      func(out *SpoutCollector) { out.EmitID(id, x.Int8) },
		"int16":     func(out *SpoutCollector) { out.EmitID(id, x.Int16) },
		"int32":     func(out *SpoutCollector) { out.EmitID(id, x.Int32) },
		"int64":     func(out *SpoutCollector) { out.EmitID(id, x.Int64) },
		"uint":      func(out *SpoutCollector) { out.EmitID(id, x.Uint) },
		"uint8":     func(out *SpoutCollector) { out.EmitID(id, x.Uint8) },
		"uint16":    func(out *SpoutCollector) { out.EmitID(id, x.Uint16) },
		"uint32":    func(out *SpoutCollector) { out.EmitID(id, x.Uint32) },
		"uint64":    func(out *SpoutCollector) { out.EmitID(id, x.Uint64) },
		"float32":   func(out *SpoutCollector) { out.EmitID(id, x.Float32) },
		"float64":   func(out *SpoutCollector) { out.EmitID(id, x.Float64) },
		"bytes":     func(out *SpoutCollector) { out.EmitID(id, x.Bytes) },
		"UTC":       func(out *SpoutCollector) { out.EmitID(id, x.UTC) },
		"local":     func(out *SpoutCollector) { out.EmitID(id, x.Local) },
		"object":    func(out *SpoutCollector) { out.EmitID(id, x.Object) },
		"stream":    func(out *SpoutCollector) { out.Stream(DefaultStream).Direct(7).EmitID(id, x.String, x.Int) },
	} {
		t.Run(name, func(t *testing.T) {
			out := NewSpoutCollector(newNullPort("x"))
			requireNoAllocation(t, func() { emit(out) })
		})
	}
}

func TestEmitterAllocatesNothing(t *testing.T) {
	x := &freely
	a, b := NewTick(), NewTick()
	for name, emit := range map[string]func(out *Collector){
		"stream":     func(out *Collector) { out.Stream(DefaultStream).Emit(x.String, x.Int) },
		"unanchored": func(out *Collector) { out.Unanchored().Emit(x.String, x.Int) },
		"anchored":   func(out *Collector) { out.Anchored(a, b).Emit(x.String, x.Int) },
		"direct":     func(out *Collector) { out.Stream(DefaultStream).Direct(7).Emit(x.String, x.Int) },
		"all":        func(out *Collector) { out.Anchored(a).Stream(DefaultStream).Direct(7).Emit(x.String, x.Int) },
	} {
		t.Run(name, func(t *testing.T) {
			out := NewCollector(newNullPort("x"))
			requireNoAllocation(t, func() { emit(out) })
		})
	}
}

func TestEmitStructAllocatesNothing(t *testing.T) {
	x, id := &freely, &struct{ n int }{}
	names := FieldsOf[free]().Names()
	t.Run("bolt", func(t *testing.T) {
		out := NewCollector(newNullPort(names...))
		requireNoAllocation(t, func() { EmitStruct(out, *x) })
	})
	t.Run("emitter", func(t *testing.T) {
		out := NewCollector(newNullPort(names...))
		requireNoAllocation(t, func() { EmitStruct(out.Unanchored(), *x) })
	})
	t.Run("spout", func(t *testing.T) {
		out := NewSpoutCollector(newNullPort(names...))
		requireNoAllocation(t, func() { EmitStruct(out, *x) })
	})
	t.Run("id", func(t *testing.T) {
		out := NewSpoutCollector(newNullPort(names...))
		requireNoAllocation(t, func() { EmitStructID(out, id, *x) })
	})
}

func TestAccessAllocatesNothing(t *testing.T) {
	p, streams := newNullPort("String", "Int", "UTC")
	NewCollector(p, streams).Emit(freely.String, freely.Int, freely.UTC)
	tuple := p.slab.Tuple(0)
	requireNoAllocation(t, func() { tuple.String("String"); tuple.Int("Int"); tuple.Time("UTC") })
}

func TestAsAllocatesNothing(t *testing.T) {
	p, streams := newNullPort(FieldsOf[free]().Names()...)
	EmitStruct(NewCollector(p, streams), freely)
	tuple, sum := p.slab.Tuple(0), 0
	requireNoAllocation(t, func() { sum += As[free](tuple).Int })
	require.NotZero(t, sum)
}

func BenchmarkEmit(b *testing.B) {
	b.Run("string", func(b *testing.B) {
		out := NewCollector(newNullPort("word"))
		b.ReportAllocs()
		for b.Loop() {
			out.Emit("some data")
		}
	})
	b.Run("string-int", func(b *testing.B) {
		out := NewCollector(newNullPort("word", "n"))
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			n++
			out.Emit("some data", n)
		}
	})
	b.Run("stream", func(b *testing.B) {
		out := NewCollector(newNullPort("word", "n"))
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			n++
			out.Stream("default").Unanchored().Emit("some data", n)
		}
	})
}
