package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// managed runs a worker that is directed, until the test cancels it.
func managed(t *testing.T, opt worker.Options, d declare) (m *worker.Manager, w *worker.Worker, cancel context.CancelFunc, result <-chan error) {
	t.Helper()
	w = makeWorker(t, opt, d)
	m = w.Manage()
	cancel, result = background(t, w)
	return m, w, cancel, result
}

// A spout that doesn't return from Next can't be paused; who asks is told so, and the others have paused.
func TestPauseOfABlockedSpout(t *testing.T) {
	inside, other := make(chan struct{}, 1), newSource(0)
	m, w, cancel, result := managed(t, worker.Options{StopTimeout: time.Millisecond}, func(b *topology.Builder) {
		b.Spout("blocked", topology.SpoutFunc(func(ctx context.Context, _ *topology.SpoutCollector) error {
			inside <- struct{}{}
			<-ctx.Done()
			return nil
		})).Emits("n")
		b.Spout("other", func() topology.Spout { return &pausing{source: other} }).Emits("n")
		b.Bolt("sink", ignore).Shuffle("blocked").Shuffle("other")
	})
	require.NoError(t, m.Activate(t.Context(), true))
	await(t, inside, "the blocked spout")
	patience, enough := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() { asked <- m.Activate(patience, false) }()
	waitFor(t, func() bool { return of(t, w, "other").Counters["paused"] == 1 })
	enough()
	require.ErrorIs(t, await(t, asked, "the answer"), context.Canceled)
	cancel()
	_ = await(t, result, "the end") // which comes, when the spout's context is done
}

// pausing counts how often it was deactivated.
type pausing struct {
	*source
	paused *topology.Counter
}

func (p *pausing) Open(_ context.Context, tc *topology.Context) error {
	p.paused = tc.Counter("paused")
	return nil
}

func (p *pausing) Deactivate() { p.paused.Add(1) }

// The end of a run doesn't wait for what is asked of it, and who asks is told.
func TestRunEndsWhileItIsAsked(t *testing.T) {
	inside := make(chan struct{}, 1)
	m, _, cancel, result := managed(t, worker.Options{StopTimeout: time.Millisecond}, func(b *topology.Builder) {
		b.Spout("src", topology.SpoutFunc(func(ctx context.Context, _ *topology.SpoutCollector) error {
			inside <- struct{}{}
			<-ctx.Done()
			return nil
		})).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.NoError(t, m.Activate(t.Context(), true))
	await(t, inside, "the spout")
	asked := make(chan error, 1)
	go func() { asked <- m.Activate(context.Background(), false) }()
	cancel()
	require.NoError(t, await(t, result, "the end"))
	require.ErrorIs(t, await(t, asked, "the answer"), worker.ErrEnded)
}

func TestNothingIsDoneAfterTheRun(t *testing.T) {
	for name, open := range map[string]error{"stopped": nil, "not opened": errors.New("no")} {
		t.Run(name, func(t *testing.T) {
			m, _, cancel, result := managed(t, worker.Options{}, func(b *topology.Builder) {
				b.Spout("src", func() topology.Spout { return &opening{newSource(0), open} }).Emits("n")
				b.Bolt("sink", ignore).Shuffle("src")
			})
			if open == nil {
				cancel()
			}
			require.ErrorIs(t, await(t, result, "the end"), open)
			require.ErrorIs(t, m.Activate(context.Background(), true), worker.ErrEnded)
			require.ErrorIs(t, m.Finish(context.Background(), "sink"), worker.ErrEnded)
		})
	}
}

// What a bolt can't finish is told to who asked it to.
func TestBoltCannotFinish(t *testing.T) {
	m, _, cancel, result := managed(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(0).factory).Emits("n")
		b.Bolt("sink", func() topology.Bolt { return &unfinishing{} }).Shuffle("src")
	})
	require.ErrorContains(t, m.Finish(t.Context(), "sink"), "sink[0] could not finish: full")
	cancel()
	require.NoError(t, await(t, result, "the end"))
}

// unfinishing is a bolt that can't finish.
type unfinishing struct{}

func (*unfinishing) Execute(context.Context, *topology.Tuple, *topology.Collector) error { return nil }
func (*unfinishing) Finish(context.Context, *topology.Collector) error                   { return errors.New("full") }

// opening is a source whose Open returns an error.
type opening struct {
	*source
	err error
}

func (o *opening) Open(context.Context, *topology.Context) error { return o.err }
