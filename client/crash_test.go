package client

import (
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func TestCauseIsWhatTheProcessSaidLast(t *testing.T) {
	log := []string{"connected", "numbers[0]: open: no such file"}
	for want, c := range map[string]cluster.Crash{
		"exit status 1: numbers[0]: open: no such file": {Reason: "exit status 1", LastLog: log},
		"exit status 2: panic: oh":                      {Reason: "exit status 2", LastLog: log, Panic: "panic: oh\n\ngoroutine 1 [running]:"},
		"exit status 1":                                 {Reason: "exit status 1"},
		"signal: killed":                                {Reason: "signal: killed", LastLog: log}, // what it said last is not why
	} {
		require.Equal(t, want, Cause(&c))
	}
	require.Equal(t, "crashed: signal: killed", Crashed(&cluster.Crash{Life: 1, Reason: "signal: killed"}))
	require.Equal(t, "crashed 4 times, last: signal: killed", Crashed(&cluster.Crash{Life: 4, Reason: "signal: killed"}))
}

func crashed(worker string, life uint64) cluster.Crash {
	return cluster.Crash{Worker: worker, Life: life, Reason: "exit status 1", LastLog: []string{worker + " said why"}}
}

// A change that is taken back has no workers any more: what they said last is in the error all the same, and what others said is not.
func TestTheErrorOfAChangeThatDidNotComeUpTellsItsLastCrash(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	before, swap, back := described(cluster.Active, 1, 1, 1, 1), described(cluster.Active, 2, 1, 1, 1), described(cluster.Active, 1, 1, 1, 1)
	running, next := cluster.WorkerStatus{ID: "old", Generation: 1}, cluster.WorkerStatus{ID: "new", Generation: 2}
	before.Workers, before.Crashes = []cluster.WorkerStatus{running}, []cluster.Crash{crashed("older", 7), crashed("old", 1)}
	swap.Workers, swap.Crashes = []cluster.WorkerStatus{running, next}, append(before.Crashes, crashed("new", 1))
	back.Workers, back.Crashes = before.Workers, append(swap.Crashes, crashed("new", 2), crashed("old", 2))
	swap.Crashes = swap.Crashes[:2:2] // the first look comes before any crash
	answers(f, as(swap), as(back))
	_, err := f.client(t).WaitRunning(t.Context(), "a", 2, nil)
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
	require.ErrorContains(t, err, "worker new crashed 2 times, last: exit status 1: new said why")
	require.NotContains(t, err.Error(), "old")
}
