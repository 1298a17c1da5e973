package trident_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/changelog"
	"github.com/stretchr/testify/require"
)

// overtaking is a log in which another coordinator fences once it is armed: between a coordinator's look at the last fence and the fence that follows
// from it.
type overtaking struct {
	changelog.Log
	armed  atomic.Bool
	other  atomic.Uint64 // the other's attempt
	looked chan struct{} // has something when the coordinator has looked after that again
}

func (*overtaking) Close() error { return nil }

func (l *overtaking) LastFence(ctx context.Context) (changelog.Record, error) {
	r, err := l.Log.LastFence(ctx)
	switch {
	case err != nil:
	case l.armed.CompareAndSwap(true, false):
		attempt, err := l.Fence(ctx, []byte("another"))
		l.other.Store(attempt)
		return r, err
	case l.other.Load() > 0:
		select {
		case l.looked <- struct{}{}:
		default:
		}
	}
	return r, err
}

// TestACoordinatorThatComesLateStopsNobody has a coordinator replaced just when it is about to begin another attempt, since a batch has failed. The other must not find
// itself fenced off by one that it has replaced: both would stop for good.
func TestACoordinatorThatComesLateStopsNobody(t *testing.T) {
	log := &overtaking{Log: changelog.Memory(), looked: make(chan struct{}, 1)}
	var bitten atomic.Bool
	b := topology.NewBuilder("late")
	trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) { return log, nil }), trident.BatchRecords(5))
	commits(trident.Map(trident.NewStream(b, "events", trident.Records(risingEvents(30))), func(e event) event {
		if e.N == 13 {
			log.armed.Store(bitten.CompareAndSwap(false, true))
			panic("poison")
		}
		return e
	}), "got")
	stop := start(t, b)
	select {
	case <-log.looked:
	case <-time.After(patience):
		require.FailNow(t, "the coordinator has not looked again")
	}
	stop()
	last, err := log.Log.LastFence(t.Context())
	require.NoError(t, err)
	require.Equal(t, "another", string(last.Payload), "who began the last attempt")
	require.Equal(t, log.other.Load(), last.Sequence)
}
