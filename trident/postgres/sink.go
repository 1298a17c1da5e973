package postgres

import (
	"context"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// Sink returns a sink that writes records and txid in one transaction. See the package's doc for what it guarantees.
func Sink[T any](o Options[T]) trident.Sink[T] { return sink[T]{o.withDefaults()} }

type sink[T any] struct{ options Options[T] }

// Kind implements [trident.Sink]. Records that differ when a source reads them again do no harm: a sink gets what was committed.
func (s sink[T]) Kind() trident.Kind { return trident.Opaque }

// Open implements [trident.Sink]. A server that is away is waited for, for [Options].Patience.
func (s sink[T]) Open(ctx context.Context, id trident.SinkID) (trident.Writer[T], error) {
	if err := s.options.check(); err != nil {
		return nil, topology.Fatal(err)
	}
	config, err := s.options.config()
	if err != nil {
		return nil, topology.Fatal(err)
	}
	w := &writer[T]{options: s.options, session: session{config: config}, ledger: newLedger(s.options.TxIDs, id)}
	if err := w.patiently(ctx, "open", w.ledger.prepare); err != nil {
		_ = w.Close()
		return nil, err
	}
	return w, nil
}
