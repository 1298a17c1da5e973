package main

import (
	"context"

	"github.com/galestream/gale/topology"
)

// fan is how many children each tuple of the fan-out case has.
const fan = 10

func fanoutCase() benchCase {
	return benchCase{
		name: "fanout-acked", unit: "tuples/s", metric: perSecond,
		note:  "counted at the last bolt, which executes ten tuples for each that the spout emits",
		gale:  fanoutOnGale,
		limit: func(plan) (load, error) { return newFanoutLimit(), nil },
	}
}

func fanoutOnGale(plan) (load, error) {
	spout, null := &constSpout{acked: true}, &nullBolt{}
	b := topology.NewBuilder("fanout")
	b.Spout("const", func() topology.Spout { return spout }).Emits("v")
	b.Bolt("ten", topology.BoltFunc(fanOut)).Emits("v").Shuffle("const")
	b.Bolt("null", func() topology.Bolt { return null }).Shuffle("ten")
	return newOnGale(b, "null", func() (int64, int64) { return null.executed, spout.fails })
}

func fanOut(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	v := t.String("v")
	for range fan {
		out.Emit(v)
	}
	return nil
}
