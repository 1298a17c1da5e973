package acker

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRootNamesItsParts(t *testing.T) {
	for _, c := range []struct {
		task, slot, generation uint32
		text                   string
	}{
		{0, 0, 0, "0/0#0"},
		{0, 0, 1, "0/0#1"},
		{1, 0, 0, "1/0#0"},
		{0, 1, 0, "0/1#0"},
		{MaxTask, 0, 0, "65535/0#0"},
		{0, MaxPending - 1, 0, "0/1048575#0"},
		{0, 0, generationMask, "0/0#268435455"},
		{MaxTask, MaxPending - 1, generationMask, "65535/1048575#268435455"},
	} {
		root := makeRoot(c.task, c.slot, c.generation)
		requireParts(t, root, c.task, c.slot, c.generation)
		require.Equal(t, c.text, root.String())
	}
	require.Zero(t, makeRoot(0, 0, 0))
	require.EqualValues(t, uint64(1<<64-1), makeRoot(MaxTask, MaxPending-1, generationMask))
}

func TestRootKeepsItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task := rapid.Uint32Range(0, MaxTask).Draw(t, "task")
		slot := rapid.Uint32Range(0, MaxPending-1).Draw(t, "slot")
		generation := rapid.Uint32Range(0, generationMask).Draw(t, "generation")
		requireParts(t, makeRoot(task, slot, generation), task, slot, generation)
	})
}

func requireParts(t require.TestingT, root RootID, task, slot, generation uint32) {
	require.Equal(t, task, root.Task())
	require.Equal(t, slot, root.slot())
	require.Equal(t, generation, root.generation())
}
