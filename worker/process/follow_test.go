package process

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// follower is a host of worker W1 that is told what was read. ended says why the process is to end; empty: it is not to.
func follower() (h *host, ended *string) {
	ended = new(string)
	h = newHost(nil, worker.Options{}, cluster.WorkerSpec{Worker: "W1"})
	h.end = func(why string) { *ended = why }
	return h, ended
}

// A server that lags has not stored yet that a new worker has a place.
func TestANewWorkerWaitsForAServerThatLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ended := follower()
		before := &cluster.Assignment{Epoch: 1, Version: 1, Current: generation(1, runs("W0", sinkTask))}
		for _, read := range []*cluster.Assignment{nil, before, nil} {
			require.NoError(t, h.follow(t.Context(), read))
			require.Empty(t, *ended)
			time.Sleep(goneAfterAtFirst / 3)
		}
		placed := &cluster.Assignment{Epoch: 1, Version: 2, Next: generation(2, runs("W1", sinkTask))}
		require.NoError(t, h.follow(t.Context(), placed))
		require.Empty(t, *ended)

		require.NoError(t, h.follow(t.Context(), nil))
		time.Sleep(goneAfter)
		require.NoError(t, h.follow(t.Context(), nil))
		require.Contains(t, *ended, "no place", "it has seen its place, and is told soon that this is gone")
	})
}

func TestANewWorkerWithoutAPlaceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, ended := follower()
		require.NoError(t, h.follow(t.Context(), nil))
		time.Sleep(goneAfterAtFirst)
		require.NoError(t, h.follow(t.Context(), nil))
		require.Contains(t, *ended, "no place")
	})
}
