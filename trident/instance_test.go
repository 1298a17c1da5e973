package trident

import (
	"errors"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/codec"
	"github.com/stretchr/testify/require"
)

// TestMailOfAFormerInstanceSettlesNothing has the word that a batch of a task which has panicked is staged come to the instance after it, which is
// staging a batch of its own: that one is not staged yet.
func TestMailOfAFormerInstanceSettlesNothing(t *testing.T) {
	former, task := newStageTask(&graph{}, &place{}), newStageTask(&graph{}, &place{})
	former.lastStage++
	task.lastStage++
	task.stagings[task.lastStage] = &staging{}
	require.NoError(t, task.Receive(t.Context(), 0, mail{Kind: mailStaged, Token: former.lastStage}.encode(), nil))
	require.Len(t, task.stagings, 1)
	require.NoError(t, task.Receive(t.Context(), 0, mail{Kind: mailStaged, Token: task.lastStage}.encode(), nil))
	require.Empty(t, task.stagings)
}

func newTestSinking(t *testing.T) *sinking[int64] {
	c, err := codec.For[int64]()
	require.NoError(t, err)
	task := newStageTask(&graph{}, &place{})
	task.tc = &topology.Context{}
	return newSinking[int64](task, &sinkSpec{name: "sink"}, nil, c)
}

// TestTheLogIsNotNeededBeforeWhatWaits has always a batch under way when another is committed, as under load.
func TestTheLogIsNotNeededBeforeWhatWaits(t *testing.T) {
	k := newTestSinking(t)
	k.opened = true
	stage := func(txid, commit uint64) {
		_, err := k.staged(&batch{packet{txid: txid, attempt: 1, commit: commit}})
		require.NoError(t, err)
	}
	stage(1, 10)
	stage(2, 10)
	require.NoError(t, k.commit(t.Context(), 1, 1, 14))
	require.EqualValues(t, 10, k.base(), "batch 2 was staged behind 10, perhaps before 14")
	stage(3, 14)
	require.NoError(t, k.commit(t.Context(), 2, 1, 17))
	require.EqualValues(t, 14, k.base())
	require.NoError(t, k.commit(t.Context(), 3, 1, 19))
	require.EqualValues(t, 19, k.base())
}

// TestAnAnnouncementWaitsForItsBatches has one come to a task that has replaced another: it must not be taken for heard before the sink has the batches.
func TestAnAnnouncementWaitsForItsBatches(t *testing.T) {
	k := newTestSinking(t)
	task := k.t
	task.sinks = []sinkPart{k}
	require.NoError(t, task.announced(t.Context(), &held{p: &packet{kind: packetAnnounce, txid: 3, attempt: 1}}))
	require.Len(t, task.unheard, 1)
	task.hearAll(2)
	require.Len(t, task.unheard, 1)
}

// TestABatchThatCantBeStagedIsSettled has the tuples that were held until it is: they are given back.
func TestABatchThatCantBeStagedIsSettled(t *testing.T) {
	k := newTestSinking(t)
	k.failing, k.pending = errors.New("down"), make([]delivery[int64], maxBehind)
	k.t.sinks = []sinkPart{k}
	held := []*topology.Tuple{{}, {}}
	l := &lane{t: k.t, group: &group{}, pipe: &pipeline{batch: &batch{}}, ends: held}
	require.ErrorContains(t, l.maybeComplete(), "no more are taken: down")
	require.Len(t, l.ends, 2)
}

// TestAStateThatIsHalfReadAnswersNobody has a recovery that has failed.
func TestAStateThatIsHalfReadAnswersNobody(t *testing.T) {
	v := values[string, int64]{part: &statePart{}, encode: mustKey[string]()}
	_, _, err := v.committed("key")
	require.ErrorIs(t, err, errNotReady)
}
