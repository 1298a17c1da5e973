package natsd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestAReplacedLeaderIsFenced(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		nc := s.connect(t)
		store := s.newStore(t, nc)
		old, err := store.TakeOver(t.Context(), "old")
		require.NoError(t, err)
		revision, err := old.Put(t.Context(), "topology.a", mark{Epoch: old.Epoch()})
		require.NoError(t, err)
		_, err = old.Put(t.Context(), "topology.a", mark{Epoch: old.Epoch(), N: 1})
		require.NoError(t, err, "that a record was written since is no reason to refuse")
		require.NoError(t, old.Delete(t.Context(), "topology.none"))

		leader, err := store.TakeOver(t.Context(), "new")
		require.NoError(t, err)
		require.Greater(t, leader.Epoch(), revision)
		_, err = old.Put(t.Context(), "topology.a", mark{Epoch: old.Epoch(), N: 2})
		require.ErrorIs(t, err, cluster.ErrFenced)
		_, err = old.Put(t.Context(), "topology.new", mark{Epoch: old.Epoch(), N: 3})
		require.ErrorIs(t, err, cluster.ErrFenced)
		require.ErrorIs(t, old.Delete(t.Context(), "topology.a"), cluster.ErrFenced)
		_, err = leader.Put(t.Context(), "topology.b", mark{Epoch: leader.Epoch()})
		require.NoError(t, err)

		var m mark
		_, err = store.Get(t.Context(), "topology.a", &m)
		require.NoError(t, err)
		require.Equal(t, mark{old.Epoch(), 1}, m)
	})
}

// mark is a record that says who wrote it.
type mark struct {
	Epoch uint64 `json:"epoch"`
	N     int    `json:"n"`
}

// Many take over and write at once, and write on when they have been replaced. Between the beginning of an epoch and that
// of the next, the stream must hold only records of that epoch; and it must hold all that were acknowledged.
func TestNoWriteOfAnOldEpochIsAccepted(t *testing.T) {
	takeovers, changes := int64(100), int64(3)
	if *long {
		takeovers, changes = 1000, 50
	}
	everywhere(t, func(t *testing.T, s *site) {
		nc := s.connect(t)
		store := s.newStore(t, nc)
		keepHistory(t, jetStream(t, nc))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := &contest{store: store, left: takeovers, acked: map[uint64]mark{}}
		var wg, shaker sync.WaitGroup
		for i := range 4 {
			wg.Go(func() { c.contend(ctx, fmt.Sprintf("n%d", i)) })
		}
		if s.replicas > 1 {
			shaker.Go(func() { c.shake(ctx, nc, changes) })
		}
		wg.Wait()
		cancel()
		shaker.Wait()
		t.Logf("%d writes acknowledged, %d refused, %d unknown, %d changes of the stream's leader", len(c.acked), c.refused.Load(), c.unknown.Load(), c.shaken.Load())
		c.check(t, jetStream(t, nc))
	})
}

// keepHistory has the stream keep all records, for the check.
func keepHistory(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "KV_"+cluster.Bucket)
	require.NoError(t, err)
	c := stream.CachedInfo().Config
	c.MaxMsgsPerSubject = 1_000_000
	_, err = js.UpdateStream(t.Context(), c)
	require.NoError(t, err)
}

type contest struct {
	store                    *cluster.Store
	refused, unknown, shaken atomic.Int64

	mu    sync.Mutex
	left  int64           // takeovers to come
	acked map[uint64]mark // by revision
}

// contend takes over, writes until it is replaced, tries on with all writers that it ever had, and takes over again.
func (c *contest) contend(ctx context.Context, name string) {
	var mine []*cluster.Writer
	for n := 0; c.more(); n++ {
		w, err := c.store.TakeOver(ctx, name)
		if err != nil {
			c.unknown.Add(1)
			continue
		}
		mine = append(mine, w)
		for i := 0; i < 20 && c.write(ctx, w, name, i); i++ {
		}
		for i := range 20 {
			c.write(ctx, mine[max(0, len(mine)-1-i)], name, i)
		}
	}
}

func (c *contest) more() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	return c.left >= 0
}

// write reports whether the writer may go on.
func (c *contest) write(ctx context.Context, w *cluster.Writer, key string, n int) bool {
	m := mark{w.Epoch(), n}
	revision, err := w.Put(ctx, cluster.TopologyPrefix+[]string{key, "shared"}[n%2], m)
	switch {
	case errors.Is(err, cluster.ErrFenced):
		c.refused.Add(1)
		return false
	case err != nil:
		c.unknown.Add(1)
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked[revision] = m
	return true
}

// shake has the stream change its leader now and then, at most so many times.
func (c *contest) shake(ctx context.Context, nc *nats.Conn, times int64) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for c.shaken.Load() < times {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := nc.Request("$JS.API.STREAM.LEADER.STEPDOWN.KV_"+cluster.Bucket, nil, time.Second); err == nil {
				c.shaken.Add(1)
			}
		}
	}
}

func (c *contest) check(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	epoch, epochs := uint64(0), 0
	for m := range c.history(t, js) {
		if m.Subject == cluster.KeySubject(cluster.EpochKey) {
			epoch = m.Sequence
			epochs++
			continue
		}
		var got mark
		require.NoError(t, json.Unmarshal(m.Data, &got))
		require.Equal(t, epoch, got.Epoch, "message %d of epoch %d was accepted in epoch %d", m.Sequence, got.Epoch, epoch)
		if want, ok := c.acked[m.Sequence]; ok {
			require.Equal(t, want, got, "message %d", m.Sequence)
			delete(c.acked, m.Sequence)
		}
	}
	require.Greater(t, epochs, 10)
	require.Empty(t, c.acked, "acknowledged, but not there")
}

// history returns all that the stream holds. Reads are tried again: they may meet a replica that lags, or no leader.
func (c *contest) history(t *testing.T, js jetstream.JetStream) iter.Seq[*jetstream.RawStreamMsg] {
	t.Helper()
	var stream jetstream.Stream
	eventually(t, "the stream has all that was acknowledged", func() bool {
		var err error
		stream, err = js.Stream(t.Context(), "KV_"+cluster.Bucket)
		return err == nil && stream.CachedInfo().State.LastSeq >= slices.Max(slices.Collect(maps.Keys(c.acked)))
	})
	return func(yield func(*jetstream.RawStreamMsg) bool) {
		for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
			var m *jetstream.RawStreamMsg
			eventually(t, fmt.Sprintf("message %d can be read", seq), func() bool {
				var err error
				m, err = stream.GetMsg(t.Context(), seq)
				return err == nil
			})
			if !yield(m) {
				return
			}
		}
	}
}
