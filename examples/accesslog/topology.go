package main

import (
	"io"

	"github.com/galestream/gale/source"
	"github.com/galestream/gale/topology"
)

// accesslog declares the topology, which prints to out. Several tasks write there, a line in
// a call, so out must allow that; files do.
//
// Only one task parses: that keeps the requests of a path in the order of the log, whose times the
// windows go by.
func accesslog(o options, out io.Writer) *topology.Builder {
	b := topology.NewBuilder("accesslog")
	tail := source.TailWith(source.TailOptions{FromStart: o.fromStart, Interval: o.interval}, o.file)
	b.Spout("tail", ending(o.duration, tail)).Emits(source.TailFields...)
	b.Bolt("parse", topology.BoltFunc(parse)).EmitsStruct(topology.FieldsOf[Request]()).
		Shuffle("tail").Retry(topology.Retry{Attempts: 1})
	b.Bolt("rates", func() topology.Bolt { return &rates{rules: o.rules} }).EmitsStruct(topology.FieldsOf[Alert]()).
		Parallelism(2).Fields("parse", "path").Reads(topology.FieldsOf[Request]()).Tick(tickInterval)
	b.Bolt("print", func() topology.Bolt { return &printer{out: out, rules: o.rules} }).
		Global("rates").Reads(topology.FieldsOf[Alert]())
	b.Bolt("dead", func() topology.Bolt { return &dead{out: out} }).Global(topology.DeadLetters("parse"))
	return b
}
