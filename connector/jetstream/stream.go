package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// EnsureStream makes a stream of the name that takes the subjects, on disk and without limits, unless there is one of that
// name, which it leaves as it is. It is for examples and tests; who needs more uses the NATS tools. It fails when the
// server can't be reached, has no JetStream, or another stream takes a subject.
func EnsureStream(ctx context.Context, a Access, name string, subjects ...string) error {
	nc, err := a.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	_, err = js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: subjects})
	}
	if err != nil {
		return fmt.Errorf("stream %q: %w", name, err)
	}
	return nil
}
