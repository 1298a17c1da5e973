package main

import (
	"encoding/json"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
)

// balances declares the pipeline.
func balances(o options) *topology.Builder {
	b := topology.NewBuilder("balances")
	in := jetstream.SourceOptions{Access: o.access, Stream: o.in, Bounded: o.end, SkipUndecodable: true}
	transfers := trident.NewStream(b, "transfers", jetstream.SourceOf(in, decode))
	entries := trident.GroupBy(trident.FlatMap(transfers, transfer.entries), func(e balance) string { return e.Account })
	sum := trident.Sum(func(e balance) int64 { return e.Cents })
	changed := trident.Map(trident.PersistentAggregate(entries, "balances", sum).Parallelism(2).Updates(), balanceOf)
	if o.postgres != "" {
		trident.PartitionPersist(changed, "table", tableSink(o))
	} else {
		trident.PartitionPersist(changed, "stream", streamSink(o))
	}
	return b
}

// streamSink writes balances to the stream of balances, each on the subject of its account.
func streamSink(o options) trident.Sink[balance] {
	return jetstream.Sink(jetstream.SinkOptions[balance]{
		Access: o.access, Stream: o.out,
		SubjectOf: func(b balance) string { return balanceSubject + b.Account },
		Encode:    func(b balance) ([]byte, error) { return json.Marshal(b) },
	})
}
