package natsd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// A TTL that a key was created with is gone with the next Update: a lease of that kind would never end.
func TestN01UpdateForgetsTheTTLOfAKey(t *testing.T) {
	t.Parallel()
	ttl, look := time.Second, 4*time.Second
	if *long {
		ttl, look = 2*time.Second, 10*time.Second
	}
	s := newServer(t, Options{})
	kv, err := jetStream(t, connect(t, s.URL())).CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "keys", LimitMarkerTTL: time.Minute})
	require.NoError(t, err)
	w, err := kv.WatchAll(t.Context(), jetstream.UpdatesOnly())
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Stop()) }()

	_, err = kv.Create(t.Context(), "control", nil, jetstream.KeyTTL(ttl)) // that is not renewed, and so expires
	require.NoError(t, err)
	revision, err := kv.Create(t.Context(), "lease", nil, jetstream.KeyTTL(ttl))
	require.NoError(t, err)
	_, err = kv.Update(t.Context(), "lease", nil, revision)
	require.NoError(t, err)

	over := time.NewTimer(look)
	defer over.Stop()
	gone := map[string]bool{}
	for waiting := true; waiting; {
		select {
		case e := <-w.Updates():
			gone[e.Key()] = gone[e.Key()] || e.Operation() != jetstream.KeyValuePut
		case <-over.C:
			waiting = false
		}
	}
	require.True(t, gone["control"])
	require.False(t, gone["lease"])
	_, err = kv.Get(t.Context(), "lease")
	require.NoError(t, err)
}

// With a TTL of the bucket, a key expires that long after its last Update, not after its creation, and then it can be created.
func TestN01ALeaseEndsAfterItsLastRenewal(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		nc := s.connect(t)
		s.newStore(t, nc)
		kv, err := jetStream(t, nc).KeyValue(t.Context(), cluster.LeaseBucket)
		require.NoError(t, err)
		revision, err := kv.Create(t.Context(), cluster.LeaseKey, []byte("one"))
		require.NoError(t, err)
		var renewed time.Time
		tick := time.NewTicker(cluster.LeaseRenewal)
		defer tick.Stop()
		for begun := time.Now(); time.Since(begun) < cluster.LeaseTTL+cluster.LeaseRenewal; <-tick.C {
			renewed = time.Now()
			revision, err = kv.Update(t.Context(), cluster.LeaseKey, []byte("one"), revision)
			require.NoError(t, err, "the lease ended though it was renewed")
		}
		eventually(t, "the lease can be taken", func() bool {
			_, err := kv.Create(t.Context(), cluster.LeaseKey, []byte("two"))
			return err == nil
		})
		free := time.Since(renewed)
		require.GreaterOrEqual(t, free, cluster.LeaseTTL, "the lease was taken while it was held")
		t.Logf("taken %v after the last renewal; its TTL is %v", free, cluster.LeaseTTL)
	})
}

// maxLate is how late all but a hundredth of keys may expire at most: a standby has to reckon with it.
const maxLate = 1500 * time.Millisecond

// Never too early. How late is printed, and with -long it has a limit.
func TestN02ExpiryIsNeverEarly(t *testing.T) {
	keys, ttl := 50, time.Second
	if *long {
		keys, ttl = 200, 2*time.Second
	}
	everywhere(t, func(t *testing.T, s *site) {
		kv := s.newBucket(t, jetstream.KeyValueConfig{Bucket: "keys", TTL: ttl, LimitMarkerTTL: time.Minute, Replicas: s.replicas})
		w, err := kv.WatchAll(t.Context(), jetstream.UpdatesOnly())
		require.NoError(t, err)
		defer func() { require.NoError(t, w.Stop()) }()
		put := map[string]time.Time{}
		for i := range keys {
			key := fmt.Sprintf("k%d", i)
			put[key] = time.Now()
			_, err := kv.Put(t.Context(), key, nil)
			require.NoError(t, err)
		}
		var late []time.Duration
		deadline := time.NewTimer(patience)
		defer deadline.Stop()
		for len(late) < keys {
			select {
			case e := <-w.Updates():
				if e.Operation() != jetstream.KeyValuePut {
					late = append(late, time.Since(put[e.Key()])-ttl)
				}
			case <-deadline.C:
				require.Fail(t, "not all expired", "%d of %d did", len(late), keys)
			}
		}
		slices.Sort(late)
		require.GreaterOrEqual(t, late[0], time.Duration(0))
		p99 := late[keys*99/100]
		t.Logf("late by p50 %v, p99 %v, at most %v", late[keys/2], p99, late[keys-1])
		if *long {
			require.LessOrEqual(t, p99, maxLate, "p99 of how late keys expire")
		}
	})
}

func (s *site) newBucket(t *testing.T, c jetstream.KeyValueConfig) (kv jetstream.KeyValue) {
	t.Helper()
	js := jetStream(t, s.connect(t))
	eventually(t, "the bucket is made", func() bool {
		var err error
		kv, err = js.CreateOrUpdateKeyValue(t.Context(), c)
		return err == nil
	})
	return kv
}
