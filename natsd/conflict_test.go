package natsd

import (
	"errors"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// A conditional write that loses is told by code 10071, or with replicas perhaps 10164; both are a conflict to us, and
// nothing else is.
func TestN04ConflictsHaveTheirCodes(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		kv := s.newBucket(t, jetstream.KeyValueConfig{Bucket: "keys", Replicas: s.replicas})
		revision, err := kv.Create(t.Context(), "key", nil)
		require.NoError(t, err)
		_, err = kv.Update(t.Context(), "key", nil, revision)
		require.NoError(t, err)

		_, err = kv.Update(t.Context(), "key", nil, revision)
		requireConflict(t, err)
		_, err = kv.Create(t.Context(), "key", nil)
		requireConflict(t, err)
		_, err = kv.Get(t.Context(), "none")
		require.False(t, cluster.IsConflict(err))
	})
}

func requireConflict(t *testing.T, err error) {
	t.Helper()
	require.True(t, cluster.IsConflict(err), "%v", err)
	var api *jetstream.APIError
	if errors.As(err, &api) {
		t.Logf("code %d: %v", api.ErrorCode, err)
	}
}

// Many write the same key at once, on the same revision: one wins each round, and all others are told of a conflict.
func TestN04OneOfManyWins(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		kv := s.newBucket(t, jetstream.KeyValueConfig{Bucket: "keys", Replicas: s.replicas})
		revision, err := kv.Create(t.Context(), "key", nil)
		require.NoError(t, err)
		codes := map[jetstream.ErrorCode]int{}
		for range 20 {
			won := uint64(0)
			for r := range attempts(t, kv, revision, 8) {
				if r.err == nil {
					require.Zero(t, won, "two have won")
					won = r.revision
					continue
				}
				requireOnlyConflict(t, r.err, codes)
			}
			require.NotZero(t, won, "nobody has won")
			revision = won
		}
		t.Logf("codes of those who lost: %v", codes)
	})
}

type attempt struct {
	revision uint64
	err      error
}

// attempts returns the outcomes of n updates that are made at the same time.
func attempts(t *testing.T, kv jetstream.KeyValue, revision uint64, n int) <-chan attempt {
	t.Helper()
	all := make(chan attempt, n)
	done := make(chan struct{}, n)
	for range n {
		go func() {
			r, err := kv.Update(t.Context(), "key", nil, revision)
			all <- attempt{r, err}
			done <- struct{}{}
		}()
	}
	for range n {
		<-done
	}
	close(all)
	return all
}

func requireOnlyConflict(t *testing.T, err error, codes map[jetstream.ErrorCode]int) {
	t.Helper()
	require.True(t, cluster.IsConflict(err), "%v", err)
	var api *jetstream.APIError
	require.ErrorAs(t, err, &api)
	codes[api.ErrorCode]++
}

func TestN08ARequestToTheDeadFailsAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		nc := s.connect(t)
		begun := time.Now()
		_, err := nc.Request(cluster.ControlSubject("T", "dead", cluster.ControlStatus), nil, time.Hour)
		require.ErrorIs(t, err, nats.ErrNoResponders)
		t.Logf("told after %v", time.Since(begun))

		live, err := nc.SubscribeSync(cluster.ControlSubject("T", "W", "*"))
		require.NoError(t, err)
		require.NoError(t, live.Unsubscribe())
		_, err = nc.Request(cluster.ControlSubject("T", "W", cluster.ControlStatus), nil, time.Hour)
		require.ErrorIs(t, err, nats.ErrNoResponders)
	})
}
