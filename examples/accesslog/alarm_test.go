package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAlarm(t *testing.T) {
	limits := threshold{fire: 0.5, resolve: 0.2}
	a := &alarm{}
	for i, step := range []struct {
		bad, of int64
		firing  bool
		why     string
	}{
		{0, 0, false, "nothing has happened"},
		{9, 9, false, "too few to fire"},
		{4, 10, false, "below fire"},
		{5, 10, true, "at fire"},
		{6, 10, true, "above"},
		{3, 10, true, "above resolve"},
		{1, 3, true, "above resolve, of however few"},
		{2, 10, false, "at resolve"},
		{3, 10, false, "below fire"},
		{10, 10, true, "above fire"},
		{0, 0, false, "nothing is left"},
	} {
		was := a.firing
		changed := a.judge(step.bad, step.of, 10, limits)
		require.Equal(t, step.firing, a.firing, "step %d: %s", i, step.why)
		require.Equal(t, was != step.firing, changed, "step %d: %s", i, step.why)
	}
}
