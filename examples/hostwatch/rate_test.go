package main

import (
	"math"
	"testing"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/stretchr/testify/require"
)

func TestRate(t *testing.T) {
	type counters = map[string]uint64
	var r rate
	require.True(t, math.IsNaN(r.busiest(second(0), counters{"a": 1000, "b": 0})), "the first call")
	require.Equal(t, 250.0, r.busiest(second(2), counters{"a": 1100, "b": 500}), "the busiest")
	require.Equal(t, 0.0, r.busiest(second(3), counters{"a": 1100, "b": 500}), "idle")
	require.Equal(t, 10.0, r.busiest(second(4), counters{"a": 1110, "b": 3, "new": 1 << 40}), "b was reset, new is new")
	require.Equal(t, 7.0, r.busiest(second(5), counters{"b": 10}), "a has gone")
	require.True(t, math.IsNaN(r.busiest(second(5), counters{"b": 20})), "no time has passed")
	require.True(t, math.IsNaN(r.busiest(second(6), counters{"c": 1})), "nothing to compare")
	require.True(t, math.IsNaN(r.busiest(second(7), nil)), "no devices")
}

func TestProcessorShare(t *testing.T) {
	before := cpu.TimesStat{User: 100, System: 50, Idle: 1000, Iowait: 50, Guest: 10}
	for name, c := range map[string]struct {
		after cpu.TimesStat
		want  float64
	}{
		"half":                      {cpu.TimesStat{User: 103, System: 52, Idle: 1004, Iowait: 51, Guest: 10}, 50},
		"a guest's time is a share": {cpu.TimesStat{User: 105, System: 50, Idle: 1005, Iowait: 50, Guest: 15}, 50},
		"idle":                      {cpu.TimesStat{User: 100, System: 50, Idle: 1010, Iowait: 50, Guest: 10}, 0},
		"full":                      {cpu.TimesStat{User: 110, System: 50, Idle: 1000, Iowait: 50, Guest: 10}, 100},
		"iowait that went back":     {cpu.TimesStat{User: 110, System: 50, Idle: 1000, Iowait: 49, Guest: 10}, 100},
	} {
		t.Run(name, func(t *testing.T) { require.InDelta(t, c.want, used(before, c.after), 1e-9) })
	}
	require.True(t, math.IsNaN(used(before, before)), "no time has passed")
}
