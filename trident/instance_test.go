package trident

import (
	"testing"

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
