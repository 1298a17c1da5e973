package main

import (
	"context"

	"github.com/galestream/gale/topology"
)

// text is what each tuple of the const cases carries.
const text = "some data"

// constShape is a chain: a spout that emits one constant string for ever, perhaps a bolt
// that passes it on, and a bolt that drops it.
type constShape struct{ acked, id bool }

func constCase(name string, shape constShape, b bar) benchCase {
	return benchCase{
		name: name, unit: "tuples/s", metric: perSecond, bar: b,
		gale:  shape.gale,
		limit: func(plan) (load, error) { return newConstLimit(shape), nil },
	}
}

// gale counts acked tuples where the spout is told, others where they are dropped.
func (c constShape) gale(plan) (load, error) {
	spout, null := &constSpout{acked: c.acked}, &nullBolt{}
	b := topology.NewBuilder("const")
	b.Spout("const", func() topology.Spout { return spout }).Emits("v")
	last := "const"
	if c.id {
		last = "id"
		b.Bolt("id", topology.BoltFunc(passOn)).Emits("v").Shuffle("const")
	}
	b.Bolt("null", func() topology.Bolt { return null }).Shuffle(last)
	if c.acked {
		return newOnGale(b, "const", func() (int64, int64) { return spout.acks, spout.fails })
	}
	return newOnGale(b, "null", func() (int64, int64) { return null.executed, 0 })
}

// constSpout emits a tuple at each Next. Its message id is the spout itself: a pointer.
type constSpout struct {
	acked       bool
	acks, fails int64
}

func (s *constSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	if s.acked {
		out.EmitID(s, text)
	} else {
		out.Emit(text)
	}
	return nil
}

func (s *constSpout) Ack(any)         { s.acks++ }
func (s *constSpout) Fail(any, error) { s.fails++ }

func passOn(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	out.Emit(t.String("v"))
	return nil
}

// nullBolt drops what it is given.
type nullBolt struct{ executed int64 }

func (n *nullBolt) Execute(context.Context, *topology.Tuple, *topology.Collector) error {
	n.executed++
	return nil
}
