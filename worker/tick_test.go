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

// TestTicksComeInTime ticks an idle bolt at each interval, below a second too, to Tick or to Execute.
func TestTicksComeInTime(t *testing.T) {
	for name, ticker := range map[string]bool{"Tick": true, "Execute": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Duration
				began, ended := time.Now(), make(chan struct{})
				tick := func(now time.Time) {
					require.Equal(t, time.Now(), now)
					if at = append(at, now.Sub(began)); len(at) == 10 {
						close(ended)
					}
				}
				w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
					b.Spout("src", topology.SpoutFunc(idleNext)).Emits("n")
					b.Bolt("bolt", func() topology.Bolt {
						if ticker {
							return &tickedApart{tick}
						}
						return execute(func(t *topology.Tuple, out *topology.Collector) error {
							if t.IsTick() {
								tick(time.Now())
							}
							return nil
						})()
					}).Tick(250 * time.Millisecond).Shuffle("src")
				})
				cancel, result := background(t, w)
				<-ended
				cancel()
				require.NoError(t, <-result)
				for i, d := range at[:10] {
					require.Equal(t, time.Duration(i+1)*250*time.Millisecond, d)
				}
				require.EqualValues(t, len(at), of(t, w, "bolt").Ticks)
				require.Zero(t, of(t, w, "bolt").Executed)
			})
		})
	}
}

// tickedApart is a bolt that gets no ticks in Execute.
type tickedApart struct{ tick func(now time.Time) }

func (a *tickedApart) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	if t.IsTick() {
		panic("a tick in Execute")
	}
	return nil
}

func (a *tickedApart) Tick(_ context.Context, now time.Time, _ *topology.Collector) error {
	a.tick(now)
	return nil
}

// TestTicksOvertakeTheBacklog ticks a bolt that is a second behind with its tuples, each of 7 ms, as soon as the
// tuple that it has is done. Those ticks it is too late for are left out.
func TestTicksOvertakeTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 150
		s, began := newSource(n), time.Now()
		var at []time.Duration
		runToEnd(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", s.factory).Emits("n")
			b.Bolt("slow", func() topology.Bolt {
				return &slowTicked{tickedApart{func(now time.Time) { at = append(at, now.Sub(began)) }}}
			}).Tick(20 * time.Millisecond).Shuffle("src")
		})
		requireOnce(t, n, s.acks)
		last := time.Duration(0)
		for _, d := range at {
			require.LessOrEqual(t, d-last, 27*time.Millisecond)
			last = d
		}
		require.Greater(t, last, (7*n-27)*time.Millisecond)
	})
}

type slowTicked struct{ tickedApart }

func (s *slowTicked) Execute(context.Context, *topology.Tuple, *topology.Collector) error {
	time.Sleep(7 * time.Millisecond) // of the bubble's time
	return nil
}

// TestTickEmits delivers what Tick emits, and reports its errors.
func TestTickEmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan int64, 100)
		ticks := 0
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", topology.SpoutFunc(idleNext)).Emits("n")
			b.Bolt("clock", execute(func(_ *topology.Tuple, out *topology.Collector) error {
				out.Emit(ticks)
				if ticks++; ticks == 2 {
					return errRefused
				}
				return nil
			})).Emits("n").Tick(time.Second).Shuffle("src")
			b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error { got <- t.Int("n"); return nil })).Shuffle("clock")
		})
		cancel, result := background(t, w)
		for i := range 5 {
			require.EqualValues(t, i, <-got)
		}
		cancel()
		require.NoError(t, <-result)
		clock := of(t, w, "clock")
		require.EqualValues(t, []int64{1, 1}, []int64{clock.Counts.Errors, clock.Errors})
		require.Equal(t, []string{"tick: " + errRefused.Error()}, errorsOf(w, "clock"))
	})
}
