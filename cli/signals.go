package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// secondSignal returns a context that ends with the second SIGINT or SIGTERM from now on; a third one
// ends the process as if they were not caught.
func secondSignal() (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for range 2 {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
		}
		cancel()
		signal.Reset(os.Interrupt, syscall.SIGTERM)
	}()
	return ctx, func() { cancel(); signal.Stop(signals); <-gone }
}
