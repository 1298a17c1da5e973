package jetstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	patience    = 30 * time.Second       // how long opening goes on trying when the server is not there
	attempt     = 5 * time.Second        // how long one attempt may take
	attemptWait = 250 * time.Millisecond // between attempts
	farewell    = time.Second            // how long a task that ends waits for the server
)

// patiently calls f until it succeeds, or fails for good, or patience is over: a worker that starts while NATS is
// restarted must not end its topology. The first failure is reported at once.
func patiently(ctx context.Context, tc *topology.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for n := 0; ; n++ {
		err := once(ctx, f)
		if err == nil || !passing(err) {
			return err
		}
		if n == 0 {
			tc.Report(fmt.Errorf("%w; trying again for %v", err, patience))
		}
		select {
		case <-time.After(attemptWait):
		case <-ctx.Done():
			return err
		}
	}
}

func once(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	return f(ctx)
}

// passing reports whether an error may be gone by itself: the server, or the stream's leader, is away.
func passing(err error) bool {
	for _, e := range []error{
		nats.ErrNoServers, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrReconnectBufExceeded,
		nats.ErrConnectionReconnecting, nats.ErrStaleConnection, jetstream.ErrNoStreamResponse, context.DeadlineExceeded,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.Code == http.StatusServiceUnavailable
	}
	var op *net.OpError
	return errors.As(err, &op)
}
