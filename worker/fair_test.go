package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestRareTuplesDoNotWaitForTheirSlab has a receiver that is never idle, because of one emitter, and
// another emitter that never is, and seldom has something for it.
func TestRareTuplesDoNotWaitForTheirSlab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rare = "rare"
		var late time.Duration
		arrived := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		w := makeWorker(t, worker.Options{BatchSize: 64, InboxBatches: 2}, func(b *topology.Builder) {
			b.Spout("flood", topology.SpoutFunc(func(_ context.Context, out *topology.SpoutCollector) error {
				out.Emit(time.Now())
				return nil
			})).Emits("at")
			emits := 0
			b.Spout("busy", topology.SpoutFunc(func(_ context.Context, out *topology.SpoutCollector) error {
				if emits++; emits == 100 {
					out.Stream(rare).Emit(time.Now())
				}
				time.Sleep(100 * time.Microsecond) // of work, in the bubble's time
				out.Emit(emits)
				return nil
			})).Emits("n").EmitsOn(rare, "at")
			b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error {
				if t.Stream() == rare {
					late = time.Since(t.Time("at"))
					close(arrived)
				}
				time.Sleep(time.Microsecond) // of work, in the bubble's time
				return nil
			})).Shuffle("flood").Shuffle(topology.From("busy", rare))
			b.Bolt("other", ignore).Shuffle("busy")
		})
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		<-arrived
		cancel()
		require.NoError(t, <-done)
		require.Less(t, late, 10*time.Millisecond)
	})
}

func TestRunTwice(t *testing.T) {
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.NoError(t, w.Run(t.Context()))
	require.ErrorContains(t, w.Run(t.Context()), "called twice")
}
