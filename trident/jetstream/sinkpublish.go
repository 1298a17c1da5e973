package jetstream

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of atomic batches (NATS ADR-50; nats.go has no names for them).
const (
	batchIDHeader       = "Nats-Batch-Id"
	batchSequenceHeader = "Nats-Batch-Sequence"
	batchCommitHeader   = "Nats-Batch-Commit"
)

// publish sends the messages as one atomic batch, on the condition that the marker's subject has the sequence last, and
// returns the sequence of the new marker. An error that wraps errUnanswered means that the outcome is not known.
func (w *sinkWriter[T]) publish(ctx context.Context, messages []*nats.Msg, last uint64) (sequence uint64, err error) {
	id := rand.Text()
	w.forget()
	for i, m := range messages {
		m.Header.Set(batchIDHeader, id)
		m.Header.Set(batchSequenceHeader, strconv.Itoa(i+1))
		if i == 0 || i == len(messages)-1 { // the server answers the first too, so that it can say at once what is wrong
			m.Reply = w.inbox + "." + id
			m.Header.Set(jetstream.ExpectedStreamHeader, w.options.Stream)
		}
		if i == len(messages)-1 {
			m.Header.Set(batchCommitHeader, "1")
			m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(last, 10))
		}
		if err := w.nc.PublishMsg(m); err != nil {
			return last, fmt.Errorf("publish: %w", err)
		}
	}
	sequence, err = w.await(ctx, w.inbox+"."+id)
	if err != nil {
		return last, err
	}
	return sequence, nil
}

// forget drops what the connection has said before.
func (w *sinkWriter[T]) forget() {
	select {
	case <-w.lost:
	default:
	}
	select {
	case <-w.denied: //nolint:errcheck // it was of a batch that nobody waits for any more
	default:
	}
}

// await waits for the answer to a batch; answers to others are dropped.
func (w *sinkWriter[T]) await(ctx context.Context, reply string) (uint64, error) {
	timeout := time.NewTimer(w.options.Timeout)
	defer timeout.Stop()
	for {
		select {
		case m := <-w.answers:
			if sequence, err := decodeAnswer(m); m.Subject == reply && (sequence > 0 || err != nil) {
				return sequence, err
			}
		case <-w.lost:
			return 0, fmt.Errorf("%w: the connection broke", errUnanswered)
		case denied := <-w.denied:
			return 0, fmt.Errorf("%w (%w)", ErrDenied, denied)
		case <-timeout.C:
			return 0, fmt.Errorf("%w within %v", errUnanswered, w.options.Timeout)
		case <-ctx.Done():
			return 0, fmt.Errorf("%w: %w", errUnanswered, context.Cause(ctx))
		}
	}
}

// decodeAnswer returns 0 for the answer to a first message, which says only that it has come.
func decodeAnswer(m *nats.Msg) (sequence uint64, err error) {
	if m.Header.Get("Status") == "503" {
		return 0, nats.ErrNoResponders
	}
	if len(m.Data) == 0 {
		return 0, nil
	}
	var a struct {
		Error    *jetstream.APIError `json:"error"`
		Sequence uint64              `json:"seq"`
	}
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return 0, fmt.Errorf("%w that is understood: %w", errUnanswered, err)
	}
	if a.Error != nil {
		return 0, translate(a.Error)
	}
	return a.Sequence, nil
}

// read returns the partition's marker as the stream's leader has it, and its sequence, 0 when there is none. It asks for the
// message by the API, and not by a direct get, which any replica answers from what it has.
func (w *sinkWriter[T]) read(ctx context.Context) (marker, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	request, err := json.Marshal(map[string]string{"last_by_subj": w.subject})
	if err != nil {
		return marker{}, 0, err
	}
	answer, err := w.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+w.options.Stream, request)
	if err != nil {
		return marker{}, 0, err
	}
	return decodeStored(answer.Data)
}

func decodeStored(data []byte) (marker, uint64, error) {
	var a struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Sequence uint64 `json:"seq"`
			Data     []byte `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return marker{}, 0, fmt.Errorf("%w: %w", ErrMarker, err)
	}
	switch {
	case a.Error != nil && a.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return marker{}, 0, nil
	case a.Error != nil:
		return marker{}, 0, translate(a.Error)
	case a.Message == nil:
		return marker{}, 0, fmt.Errorf("%w: the answer has no message", ErrMarker)
	}
	m, err := decodeMarker(a.Message.Data)
	if err != nil {
		return marker{}, 0, fmt.Errorf("%w: the message at sequence %d: %w", ErrMarker, a.Message.Sequence, err)
	}
	return m, a.Message.Sequence, nil
}
