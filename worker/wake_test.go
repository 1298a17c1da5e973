package worker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// TestIdleSpoutBacksOff polls an idle spout at pauses that double from 100 us to 100 ms.
func TestIdleSpoutBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls []time.Duration
		last, full := time.Now(), make(chan struct{})
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout {
				return &hearing{next: func(*topology.SpoutCollector) error {
					polls = append(polls, time.Since(last))
					if last = time.Now(); len(polls) == 15 {
						close(full)
					}
					return nil
				}}
			}).Emits("n")
			b.Bolt("sink", ignore).Shuffle("src")
		})
		cancel, result := background(t, w)
		<-full
		cancel()
		require.NoError(t, <-result)
		first := 2
		for ; polls[first] < 100*time.Millisecond; first++ {
			require.Equal(t, min(2*polls[first-1], 100*time.Millisecond), polls[first])
		}
		require.LessOrEqual(t, polls[1], 200*time.Microsecond)
		for _, p := range polls[first:15] {
			require.Equal(t, 100*time.Millisecond, p)
		}
	})
}

// TestWakeEndsThePause calls Next of an idle spout at once.
func TestWakeEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spout := &waking{called: make(chan time.Time, 100_000)}
		spout.next = func(*topology.SpoutCollector) error {
			spout.called <- time.Now()
			return nil
		}
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("sink", ignore).Shuffle("src")
		})
		cancel, result := background(t, w)
		for range 10 {
			time.Sleep(time.Hour) // of the bubble's time: it pauses for 100 ms by now
			for len(spout.called) > 0 {
				for len(spout.called) > 0 {
					<-spout.called
				}
				time.Sleep(time.Millisecond)
			}
			woken := time.Now()
			spout.tc.Wake()
			require.Equal(t, woken, <-spout.called)
		}
		cancel()
		require.NoError(t, <-result)
	})
}

// TestWakeFromOtherGoroutines loses no call while the spout goes to sleep and wakes: each that comes is answered
// by a Next that begins after it. The guard of the test is the pause of an idle spout, which would end too late.
func TestWakeFromOtherGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 2000
		spout := &waking{}
		asked, answered := make(chan struct{}, 1), make(chan time.Time)
		spout.next = func(out *topology.SpoutCollector) error {
			select {
			case <-asked:
				out.EmitID(1, 1)
				answered <- time.Now()
			default:
			}
			return nil
		}
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("sink", ignore).Shuffle("src")
		})
		cancel, result := background(t, w)
		synctest.Wait()
		for range calls {
			began := time.Now()
			asked <- struct{}{}
			spout.tc.Wake()
			require.Equal(t, began, <-answered)
		}
		cancel()
		require.NoError(t, <-result)
		require.EqualValues(t, calls, of(t, w, "src").Acked)
	})
}
