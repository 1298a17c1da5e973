package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
)

// writer posts for one partition. It belongs to the goroutine that calls it.
type writer[T any] struct {
	options Options[T]
	client  *http.Client
	own     bool // whether the client is
	keys    keys
	name    string

	// How many records of the last txid have been taken: when Apply is called again after an error, it goes on from there.
	txid uint64
	sent int
}

// Applied implements [trident.Writer]: the receiver remembers, not the writer.
func (w *writer[T]) Applied(context.Context) (uint64, error) { return 0, nil }

// Apply implements [trident.Writer].
func (w *writer[T]) Apply(ctx context.Context, txid uint64, records []T) error {
	if w.txid != txid {
		w.txid, w.sent = txid, 0
	}
	for w.sent < len(records) {
		body, n, err := w.body(records[w.sent:])
		if err != nil {
			return fmt.Errorf("webhook sink: txid %d: record %d of %d: %w", txid, w.sent+n+1, len(records), err)
		}
		if err := w.deliver(ctx, request{w.keys.of(txid, w.sent), body}); err != nil {
			return fmt.Errorf("webhook sink: txid %d: post records %d to %d of %d to %s: %w", txid, w.sent+1, w.sent+n, len(records), w.name, err)
		}
		w.sent += n
	}
	return nil
}

// body encodes the first records: one, or with Batch as many as a body takes. With an error, n says which record it is about.
func (w *writer[T]) body(records []T) (body []byte, n int, err error) {
	for n < len(records) && (n == 0 || w.options.Batch) {
		one, err := w.options.Encode(records[n])
		if err != nil {
			return nil, n, fmt.Errorf("encode: %w", err)
		}
		if w.options.Batch {
			if bytes.ContainsRune(one, '\n') {
				return nil, n, errors.New("its encoding has a line break, which ends a record in a body with Batch")
			}
			one = append(bytes.Clone(one), '\n')
		}
		if len(one) > w.options.MaxBody {
			return nil, n, fmt.Errorf("it has %d bytes, and MaxBody is %d", len(one), w.options.MaxBody)
		}
		if len(body)+len(one) > w.options.MaxBody {
			return body, n, nil
		}
		body = append(body, one...)
		n++
	}
	return body, n, nil
}

// Close implements [trident.Writer].
func (w *writer[T]) Close() error {
	if w.own {
		w.client.CloseIdleConnections()
	}
	return nil
}
