package changelog

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Codes of the JetStream API.
const (
	wrongLastSequence jetstream.ErrorCode = 10071 // a condition did not hold
	conditionInFlight jetstream.ErrorCode = 10164 // it can't be checked now: with replicas, another write on the same condition is under way
	messageNotFound   jetstream.ErrorCode = 10037
	storeFailed       jetstream.ErrorCode = 10077
	createFailed      jetstream.ErrorCode = 10049 // a server of a cluster could not make a stream; it may be able to a moment later
)

// storeFull is what the server says with storeFailed when the stream has all the bytes it may have.
const storeFull = "maximum bytes exceeded"

// Pauses between tries, which double.
const (
	firstPause = time.Millisecond
	lastPause  = 100 * time.Millisecond
)

// patiently calls f, each time with the timeout of a request, until it succeeds, fails for good, or the context is done.
func (l *stream) patiently(ctx context.Context, what string, f func(context.Context) error) error {
	var last error // says of an append that it may be there, when the context ends before another try
	for wait, told := firstPause, false; ; wait = min(2*wait, lastPause) {
		err := l.once(ctx, f)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), err, last)
		case !passing(err):
			return err
		}
		last = err
		if !told && wait == lastPause {
			told = true
			l.o.Log.Warn("the log can't be reached, trying again", zap.String("stream", l.name), zap.String("what", what), zap.Error(err))
		}
		if pause(ctx, wait) != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

func (l *stream) once(ctx context.Context, f func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	try, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	return f(try)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passing reports whether an error may be another one, or none, when the same is tried again.
func passing(err error) bool {
	var api *jetstream.APIError
	var damage *DamagedError
	switch {
	case errors.As(err, &damage):
		return false
	case errors.As(err, &api):
		return api.Code == 503 || api.ErrorCode == conditionInFlight
	}
	for _, e := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, jetstream.ErrNoStreamResponse, nats.ErrDisconnected, nats.ErrReconnectBufExceeded,
		nats.ErrConnectionReconnecting, nats.ErrStaleConnection, jetstream.ErrNoHeartbeat, jetstream.ErrConsumerDeleted, jetstream.ErrConsumerNotFound, jetstream.ErrServerShutdown, errAgain,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// errAgain is the error of a try that found what can't last.
var errAgain = errors.New("trying again")

func apiCode(err error) jetstream.ErrorCode {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode
	}
	return 0
}
