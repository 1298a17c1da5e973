package trident

import (
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/codec"
)

// Bounds of a chunk, whichever is reached first. One that goes to another worker has to fit into a tuple.
const (
	chunkRecords = 4096
	chunkBytes   = 256 << 10
)

// sharing says which task of n a record goes to; for one writer, who alone calls it.
type sharing[T any] func(x T, b *batch, n int) int

// all is what a sharing returns for a record that every task gets.
const all = -1

// exchange writes records to the tasks of another component.
type exchange[T any] struct {
	p     *pipeline
	e     *edge
	share sharing[T]
	codec codec.Codec[T]
	emit  topology.Emitter
	to    []target[T]
}

// target is what is on its way to one task.
type target[T any] struct {
	task   topology.TaskID
	xs     []T
	bytes  int
	chunks uint32 // of this batch
}

func newExchange[T any](p *pipeline, e *edge, c codec.Codec[T], share sharing[T]) *exchange[T] {
	x := &exchange[T]{p: p, e: e, share: share, codec: c, emit: p.out.Stream(e.stream())}
	for _, t := range p.tc.Tasks(e.to.place.id) {
		x.to = append(x.to, target[T]{task: t})
	}
	return x
}

func (x *exchange[T]) push(xs []T) (err error) {
	defer guard(x.e.to.name, &err) // whose way to share it is
	n := len(x.to)
	if n == 1 {
		for _, v := range xs {
			x.add(&x.to[0], v)
		}
		return nil
	}
	for _, v := range xs {
		i := x.share(v, x.p.batch, n)
		if i != all {
			x.add(&x.to[i], v)
			continue
		}
		for i := range x.to {
			x.add(&x.to[i], v)
		}
	}
	return nil
}

func (x *exchange[T]) add(t *target[T], v T) {
	size := x.codec.Size(v)
	if t.bytes+size > chunkBytes || len(t.xs) == chunkRecords {
		x.send(t)
	}
	t.xs, t.bytes = append(t.xs, v), t.bytes+size
}

// send sends the target's chunk, which is the receiver's from then on.
func (x *exchange[T]) send(t *target[T]) {
	if len(t.xs) == 0 {
		return
	}
	k := x.packet(packetChunk)
	k.data, k.encode = t.xs, x.e.encode
	x.emit.Anchored(x.p.from).Direct(t.task).Emit(topology.Of(k))
	t.xs, t.bytes = make([]T, 0, min(cap(t.xs), chunkRecords)), 0
	t.chunks++
}

func (x *exchange[T]) end() error {
	for i := range x.to {
		t := &x.to[i]
		x.send(t)
		k := x.packet(packetEnd)
		k.chunks, t.chunks, k.ended = t.chunks, 0, x.p.ended
		x.emit.Anchored(x.p.from).Direct(t.task).Emit(topology.Of(k))
	}
	return nil
}

func (x *exchange[T]) packet(kind packetKind) *packet {
	k := x.p.batch.packet
	k.kind, k.edge, k.data, k.encode, k.chunks, k.ended = kind, uint16(x.e.id), nil, nil, 0, false
	return &k
}

// exchangeTo connects n, whose results are of type T, to an input of a head.
func exchangeTo[T any](n, to *node, kind string, share func() sharing[T]) *edge {
	c, err := codec.For[T]()
	if err != nil {
		n.g.problem(n.name, "its results can't travel to %q: %v", to.name, err)
	}
	e := n.connect(to, kind)
	e.encode = func(b []byte, data any) ([]byte, error) { return codec.AppendSlice(c, b, data.([]T)) }
	e.decode = func(b []byte) (any, error) {
		xs, rest, err := codec.DecodeSlice(c, nil, b)
		if err == nil && len(rest) > 0 {
			err = errPacket
		}
		return xs, err
	}
	e.writer = func(p *pipeline) any { return newExchange(p, e, c, share()) }
	return e
}
