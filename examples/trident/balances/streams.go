package main

import (
	"context"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/trident/jetstream"
)

// What subjects begin with; an account follows.
const (
	transferSubject = "transfers."
	balanceSubject  = "balances."
)

// makeTimeout is how long making the streams and the table may take.
const makeTimeout = 10 * time.Second

// makeStreams makes what the pipeline reads and writes, unless it is there.
func makeStreams(o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), makeTimeout)
	defer cancel()
	if err := connector.EnsureStream(ctx, o.access, o.in, transferSubject+"*"); err != nil {
		return err
	}
	if o.postgres != "" {
		return makeTable(ctx, o.postgres)
	}
	return jetstream.EnsureSinkStream(ctx, jetstream.SinkStream{Access: o.access, Stream: o.out, Subjects: []string{balanceSubject + "*"}})
}
