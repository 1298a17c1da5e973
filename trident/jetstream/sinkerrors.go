package jetstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Why a stream does not take a batch. Apply and Open return errors that wrap one of these. ErrBusy and ErrIncomplete pass: they are tried again for
// [SinkOptions].Patience, and so is what says that the server is away. The others stay until somebody mends what they name.
var (
	ErrStream     = errors.New("the stream is not fit for a sink")
	ErrNotAtomic  = errors.New("the stream allows no atomic batches: set allow_atomic (`nats stream edit STREAM --allow-batch`), which needs nats-server 2.12 or later")
	ErrTooLarge   = errors.New("an atomic batch has more messages than the server takes: give the sink a lower MaxBatch, or the server a higher limit")
	ErrRecord     = errors.New("a record can't be published")
	ErrDuplicate  = errors.New("a record has a Nats-Msg-Id that another message has within the stream's duplicate window: leave the header away, the sink does not need it")
	ErrOrder      = errors.New("batches must be applied in order, and unchanged when they are tried again")
	ErrMarker     = errors.New("the stream's marker can't be understood")
	ErrMarkerLost = errors.New("the stream has lost a marker that this writer had seen: it was purged, or restored from an older copy")
	ErrDenied     = errors.New("the credentials don't allow what a sink needs: publishing on the subjects of records and markers, and $JS.API.STREAM.INFO and MSG.GET of the stream")
	ErrBusy       = errors.New("the stream has too many open atomic batches")
	ErrIncomplete = errors.New("the server has abandoned an atomic batch: a message was lost, or 10 s went by without one")

	// errClash means that the marker has changed. It is looked at again, so nobody outside sees it but with what came of that.
	errClash = errors.New("another writer of this partition has written")
	// errUnanswered means that the outcome is not known.
	errUnanswered = errors.New("no answer")
)

// The server's codes for what may become of an atomic batch (errors.json of nats-server 2.15).
var codes = map[jetstream.ErrorCode]error{
	10174: ErrNotAtomic,
	10176: ErrIncomplete,
	10199: ErrTooLarge,
	10201: ErrDuplicate,
	10210: ErrBusy,
	10211: ErrBusy,
	10071: errClash,  // wrong last sequence
	10164: errClash,  // the same, when another write of the subject is under way
	10054: ErrRecord, // message size exceeds maximum allowed
	10059: ErrStream, // stream not found
	10060: ErrStream, // expected stream does not match
}

// translate gives an error of the server its name.
func translate(e *jetstream.APIError) error {
	if known, ok := codes[e.ErrorCode]; ok {
		return fmt.Errorf("%w (%w)", known, e)
	}
	return e
}

// passing reports whether an error may be gone by itself: the server, or the stream's leader, is away or has no room.
func passing(err error) bool {
	if errors.Is(err, ErrDenied) {
		return false
	}
	for _, e := range []error{
		ErrBusy, ErrIncomplete, errClash, errUnanswered, nats.ErrNoServers, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected,
		nats.ErrReconnectBufExceeded, nats.ErrConnectionReconnecting, nats.ErrStaleConnection, nats.ErrConnectionClosed,
		jetstream.ErrNoStreamResponse, context.DeadlineExceeded,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api.Code >= http.StatusInternalServerError
	}
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}
