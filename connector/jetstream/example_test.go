package jetstream_test

import (
	"context"
	"strings"

	"github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
)

// A pipeline from the stream ORDERS to the one that takes the subject "shouts".
func Example() {
	access := jetstream.Access{URL: "nats://127.0.0.1:4222"}
	b := topology.NewBuilder("shouting")
	b.Spout("orders", jetstream.Spout(jetstream.SpoutOptions{Access: access, Stream: "ORDERS"})).Emits(jetstream.Fields...)
	b.Bolt("shout", topology.BoltFunc(shout)).Emits("data", "id").Parallelism(2).Shuffle("orders")
	jetstream.Sink(b, "shouts", jetstream.SinkOptions{Access: access, Subject: "shouts", MsgIDField: "id"}).Shuffle("shout")
}

func shout(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	out.Emit(strings.ToUpper(string(t.Bytes("data"))), t.Int("sequence"))
	return nil
}
