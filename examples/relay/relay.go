package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
)

// relay declares the pipeline. Two tasks of each component, so that two workers have one of each.
func relay(o options) *topology.Builder {
	b := topology.NewBuilder("relay")
	in := jetstream.SpoutOptions{Access: o.access, Stream: o.in, End: o.end}
	b.Spout("numbers", jetstream.Spout(in)).Emits(jetstream.Fields...).Parallelism(2)
	b.Bolt("collatz", topology.BoltFunc(compute)).Emits("data").Parallelism(2).Shuffle("numbers")
	out := jetstream.SinkOptions{Access: o.access, Subject: subject(o.out), Stream: o.out}
	jetstream.Sink(b, "results", out).Shuffle("collatz").Parallelism(2)
	return b
}

// compute emits the result of a number. What is no number is reported and passed over: trying it again would not help.
func compute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	n, err := parseNumber(t.Bytes("data"))
	if err != nil {
		out.Report(fmt.Errorf("message %d: %w", t.Int("sequence"), err))
		return nil
	}
	data, err := json.Marshal(result{N: n, Result: collatz(n)})
	if err != nil {
		return err
	}
	out.Emit(data)
	return nil
}
