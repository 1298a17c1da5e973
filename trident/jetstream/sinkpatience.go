package jetstream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	firstWait = 5 * time.Millisecond
	maxWait   = time.Second
)

// patiently calls f until it succeeds, or fails for good, or the patience or the context is over. Between two calls it waits, longer each
// time, and not the same in all writers.
func patiently(ctx context.Context, patience time.Duration, f func(context.Context) error) error {
	end := time.Now().Add(patience)
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		err := f(ctx)
		if err == nil || !passing(err) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w; the last try: %w", context.Cause(ctx), err)
		}
		pause := wait/2 + rand.N(wait/2)
		if time.Now().Add(pause).After(end) {
			return fmt.Errorf("tried for %v: %w", patience, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}
