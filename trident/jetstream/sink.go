package jetstream

import (
	"context"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// Sink returns a sink that writes records to a stream, each once, whatever fails and however late it is tried again.
//
// # What it rests on
//
// A batch goes to the stream as one atomic batch of the server (NATS ADR-50, nats-server 2.12 or later), which stores all of its
// messages or none. Its last message is a marker, on a subject that is the partition's own. The marker holds the txid, and is
// written on the condition that the one before it is still the last. So a batch that is there already is known by
// its marker, after any time and by any process, and a writer that has been replaced is refused by the server. The
// stream's duplicate window plays no part.
//
// A batch that is larger than an atomic batch may be goes in several, each with a marker that says how far it is. Each of them is
// all or nothing; the whole is complete when [trident.Writer].Apply returns.
//
// An outcome that is not known, since no answer came, is found out by reading the marker from the stream's leader; should the lost batch arrive
// even later than that, then either it or what was sent anew is refused.
//
// # What the stream must be
//
// It must allow atomic batches, take the subjects of the records and of the markers, and keep the markers. [EnsureSinkStream]
// makes such a stream; opening the sink fails with all that is wrong with another one. The credentials must allow publishing on the
// subjects, and requests on $JS.API.STREAM.INFO.STREAM and $JS.API.STREAM.MSG.GET.STREAM.
//
// Who reads the stream filters by the subjects of the records, or drops what [IsMarker] says is a marker. Where the stream allows
// roll-ups, it keeps one marker a partition.
//
// # Bounds
//
// A writer has a connection of its own, which reconnects for ever, and at most one atomic batch without an answer: at most
// 1000 messages and about 4 MiB encoded at a time. The server takes 50 open batches a stream; a writer that finds no room waits.
func Sink[T any](o SinkOptions[T]) trident.Sink[T] {
	return sink[T]{o.withDefaults()}
}

type sink[T any] struct{ options SinkOptions[T] }

// Kind implements [trident.Sink]. Records that differ when a source reads them again do no harm: a sink gets what was committed.
func (s sink[T]) Kind() trident.Kind { return trident.Opaque }

// Open implements [trident.Sink]. A server that is away is waited for, for [SinkOptions].Patience.
func (s sink[T]) Open(ctx context.Context, id trident.SinkID) (trident.Writer[T], error) {
	if err := s.options.check(); err != nil {
		return nil, topology.Fatal(err)
	}
	w := &sinkWriter[T]{options: s.options, subject: markerSubject(s.options.MarkerSubject, id)}
	if err := w.patiently(ctx, func(ctx context.Context) error { return w.open(ctx, id) }); err != nil {
		_ = w.Close()
		return nil, err
	}
	return w, nil
}
