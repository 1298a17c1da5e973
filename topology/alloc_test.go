package topology

import "testing"

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

func collectorTo(fields ...string) (*Collector, *nullPort) {
	s := &Stream{Component: "c", Name: DefaultStream, Fields: fields}
	p := &nullPort{slab: NewSlab(256), src: s}
	return NewCollector(p, []*Stream{s}), p
}

func BenchmarkEmit(b *testing.B) {
	b.Run("string", func(b *testing.B) {
		out, _ := collectorTo("word")
		b.ReportAllocs()
		for b.Loop() {
			out.Emit("some data")
		}
	})
	b.Run("string-int", func(b *testing.B) {
		out, _ := collectorTo("word", "n")
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			n++
			out.Emit("some data", n)
		}
	})
	b.Run("stream", func(b *testing.B) {
		out, _ := collectorTo("word", "n")
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			n++
			out.Stream("default").Unanchored().Emit("some data", n)
		}
	})
}
