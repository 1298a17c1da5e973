package postgres_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/galestream/gale/trident/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The server is killed at random moments of 200 batches: each is written once and whole. A batch is given again after any error, by a
// writer that was opened anew, as a process that takes over does.
func TestKilledServer(t *testing.T) {
	const last = 200
	r := newRig(t)
	w := r.open(r.options())
	kills := make(chan struct{})
	t.Cleanup(func() { <-kills })
	var reached atomic.Uint64
	go func() {
		defer close(kills)
		for n := range uint64(4) {
			for reached.Load() < 20+n*45 && t.Context().Err() == nil {
				<-time.After(time.Millisecond)
			}
			<-time.After(rand.N(5 * time.Millisecond)) // somewhere in a batch
			r.Kill()
			r.Restart()
		}
	}()
	for txid := uint64(1); txid <= last; txid++ {
		require.NoError(t, w.Apply(r.ctx(), txid, batch(txid)))
		reached.Store(txid)
		if txid%20 == 0 {
			w = r.open(r.options())
			require.Equal(t, txid, r.applied(w))
		}
	}
	<-kills
	require.Equal(t, batches(last), r.rows())
}

// The connection breaks during COMMIT, before or after it took place: the outcome is found out.
func TestUnknownOutcomeOfCommit(t *testing.T) {
	for name, after := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			cut := &cutter{}
			o := r.inserting(func(context.Context, pgx.Tx) error {
				cut.arm(after)
				return nil
			})
			o.URL = cut.proxy(t, r.URL())
			w := r.open(o)
			require.NoError(t, w.Apply(r.ctx(), 1, batch(1)))
			require.True(t, cut.done(), "a COMMIT was cut")
			require.NoError(t, w.Apply(r.ctx(), 2, batch(2)))
			require.Equal(t, batches(2), r.rows())
		})
	}
}

func TestAServerThatStaysAwayIsAnErrorAfterThePatience(t *testing.T) {
	r := newRig(t)
	o := r.options()
	o.Patience = 200 * time.Millisecond
	w := r.open(o)
	r.Kill()
	var e *postgres.Error
	require.ErrorAs(t, w.Apply(r.ctx(), 1, batch(1)), &e)
	require.Contains(t, e.Error(), "write txid 1: tried for 200ms")

	ctx, cancel := context.WithCancel(r.ctx())
	cancel()
	require.ErrorIs(t, w.Apply(ctx, 1, batch(1)), context.Canceled)
	r.Restart()
	require.NoError(t, w.Apply(r.ctx(), 1, batch(1)))
	require.Equal(t, batches(1), r.rows())
}
