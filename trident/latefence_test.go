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
	looked chan string   // who began the last attempt, when the coordinator has looked after that again
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
		case l.looked <- string(r.Payload):
		default:
		}
	}
	return r, err
}

// TestACoordinatorThatComesLateStopsNobody has a coordinator replaced just when it is about to begin another attempt, since a batch has failed. The other must not find
// itself fenced off by one that it has replaced.
func TestACoordinatorThatComesLateStopsNobody(t *testing.T) {
	log := &overtaking{Log: changelog.Memory(), looked: make(chan string, 1)}
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
	case last := <-log.looked:
		require.Equal(t, "another", last, "who began the last attempt")
	case <-time.After(patience):
		require.FailNow(t, "the coordinator has not looked again")
	}
	stop()
}

// silent is a source that never has anything, and never ends.
type silent struct{}

func (silent) Kind() trident.Kind                           { return trident.Transactional }
func (silent) Partitions(context.Context) ([]string, error) { return []string{"one"}, nil }
func (silent) Open(context.Context, string, []byte, func()) (trident.Reader[event], error) {
	return silent{}, nil
}
func (silent) Read(records []event, _ int) ([]event, []byte, error) { return records, nil, nil }
func (silent) Close() error                                         { return nil }

// slow is a log that may block, which a coordinator looks into from time to time.
type slow struct {
	changelog.Log
	fenced chan []byte // has the note of who begins an attempt
	commit chan uint64 // has a commit's attempt
}

func (*slow) Close() error { return nil }

func (l *slow) FenceAfter(ctx context.Context, sequence uint64, note []byte) (uint64, error) {
	attempt, err := l.Log.FenceAfter(ctx, sequence, note)
	l.fenced <- note
	return attempt, err
}

func (l *slow) Append(ctx context.Context, attempt uint64, kind changelog.Kind, payload []byte) (uint64, error) {
	last, err := l.Log.Append(ctx, attempt, kind, payload)
	if kind == changelog.Commit {
		l.commit <- attempt
	}
	return last, err
}

// TestAnIdleCoordinatorThatWasReplacedTakesOver has another coordinator begin an attempt while nothing is in flight, and then do nothing, as one whose
// process has ended. Nothing would ever be refused.
func TestAnIdleCoordinatorThatWasReplacedTakesOver(t *testing.T) {
	log := &slow{Log: changelog.Memory(), fenced: make(chan []byte, 10), commit: make(chan uint64, 10)}
	b := topology.NewBuilder("deposed")
	trident.Configure(b, trident.InLog(func(string) (changelog.Log, error) { return log, nil }))
	commits(trident.NewStream(b, "events", silent{}), "got")
	stop := start(t, b)
	first := await(t, log.fenced)
	await(t, log.commit)
	_, err := log.Fence(t.Context(), []byte("another"))
	require.NoError(t, err)
	require.Equal(t, first, await(t, log.fenced), "who begins the next attempt")
	stop()
}

func await[T any](t *testing.T, c <-chan T) (x T) {
	t.Helper()
	select {
	case x = <-c:
	case <-time.After(patience):
		require.FailNow(t, "nothing has come in time")
	}
	return x
}
