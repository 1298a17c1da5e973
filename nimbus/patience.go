package nimbus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// How often the store is tried to be opened while NATS fails to, as when its JetStream has only begun.
const (
	openTries = 10
	openPause = 500 * time.Millisecond
)

// patiently tries again what NATS fails at by a fault of its own, which may pass. What it refuses is an error at once.
func patiently[T any](ctx context.Context, log *zap.Logger, open func() (T, error)) (x T, err error) {
	for range openTries {
		if x, err = open(); !isServersFault(err) {
			return x, err
		}
		log.Warn("the cluster's store can't be opened yet", zap.Error(err))
		if pause(ctx, openPause) != nil {
			return x, err
		}
	}
	return x, err
}

func isServersFault(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.Code >= 500
}
