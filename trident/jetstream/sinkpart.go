package jetstream

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// part is what goes to the stream as one atomic batch.
type part struct {
	messages []*nats.Msg // the last is the marker
	marker   marker
}

// part makes messages of the records from index from, as many as an atomic batch takes.
func (w *sinkWriter[T]) part(ctx context.Context, txid uint64, records []T, from int) (p part, err error) {
	size, end := 0, from
	for ; end < len(records) && end-from < w.options.MaxBatch-1; end++ {
		m, err := w.message(ctx, records[end])
		if err != nil {
			return part{}, fmt.Errorf("%w: record %d of %d: %w", ErrRecord, end+1, len(records), err)
		}
		if size += m.Size(); size > maxPartBytes && end > from {
			break
		}
		p.messages = append(p.messages, m)
	}
	p.marker = w.last.next(txid, end, len(records))
	m, err := w.markerMessage(p.marker)
	p.messages = append(p.messages, m)
	return p, err
}

func (w *sinkWriter[T]) markerMessage(next marker) (*nats.Msg, error) {
	data, err := next.encode()
	m := &nats.Msg{Subject: w.subject, Data: data, Header: nats.Header{markerHeader: {"1"}}}
	if w.config.AllowRollup && !w.config.DenyPurge {
		m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	}
	return m, err
}

func (w *sinkWriter[T]) message(ctx context.Context, record T) (*nats.Msg, error) {
	m := &nats.Msg{Subject: w.options.subjectOf(record), Header: nats.Header{}}
	if err := w.checkSubject(ctx, m.Subject); err != nil {
		return nil, err
	}
	if w.options.Headers != nil {
		for name, values := range w.options.Headers(record) {
			if reserved(name) {
				return nil, fmt.Errorf("the header %s is for the server, or for Gale", name)
			}
			m.Header[name] = values
		}
	}
	var err error
	if m.Data, err = w.options.Encode(record); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	if n, most := m.Size()-len(m.Subject)+batchHeaders, w.nc.MaxPayload(); int64(n) > most {
		return nil, fmt.Errorf("it has %d bytes with its headers, and NATS takes %d (max_payload)", n, most)
	}
	return m, nil
}

// batchHeaders is what the headers that publish adds take, at most.
const batchHeaders = 256

// reserved reports whether a header could change what the server does with the batch.
func reserved(name string) bool {
	ours := strings.EqualFold(name, markerHeader)
	return ours || len(name) >= 5 && strings.EqualFold(name[:5], "Nats-") && name != jetstream.MsgIDHeader && name != jetstream.MsgTTLHeader
}

// checkSubject keeps a subject out that the stream does not take: the server would wait for that message, and abandon the batch.
func (w *sinkWriter[T]) checkSubject(ctx context.Context, subject string) error {
	if !isSubject(subject) {
		return fmt.Errorf("its subject %q has wildcards, spaces or empty parts", subject)
	}
	if takes(w.options.MarkerSubject+".>", subject) {
		return fmt.Errorf("its subject %q is one of the markers", subject)
	}
	taken := func(filter string) bool { return takes(filter, subject) }
	if slices.ContainsFunc(w.config.Subjects, taken) {
		return nil
	}
	if err := w.look(ctx); err != nil { // the stream may have been given the subject since
		return err
	}
	if !slices.ContainsFunc(w.config.Subjects, taken) {
		return fmt.Errorf("the stream does not take its subject %q, only %s", subject, strings.Join(w.config.Subjects, ", "))
	}
	return nil
}
