package client

import (
	"fmt"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

func reported(phase cluster.Phase, uptime time.Duration, tasks ...topology.TaskID) cluster.Report {
	s := worker.Snapshot{Topology: "a", Uptime: uptime, At: time.Unix(int64(uptime.Seconds()), 0), ErrorTotals: map[string]int64{"c": 1}}
	for _, id := range tasks {
		s.Tasks = append(s.Tasks, worker.TaskSnapshot{Task: id, Component: []string{"b", "c"}[id%2], Counts: worker.Counts{Executed: int64(id)}})
		s.Edges = append(s.Edges, worker.EdgeSnapshot{From: id})
	}
	return cluster.Report{Topology: "a", Phase: phase, Active: true, Snapshot: s}
}

func TestMergeIsWhatOneWorkerWouldTell(t *testing.T) {
	s := Merge([]cluster.Report{reported(cluster.Running, 4*time.Second, 4, 3), reported(cluster.Running, 2*time.Second, 2, 1)})
	require.Equal(t, "a", s.Topology)
	require.Equal(t, "running", s.State)
	require.Equal(t, 3*time.Second, s.Uptime)
	require.Equal(t, time.Unix(4, 0), s.At)
	require.Equal(t, map[string]int64{"c": 2}, s.ErrorTotals)
	for i := range 4 {
		require.EqualValues(t, i+1, s.Tasks[i].Task)
		require.EqualValues(t, i+1, s.Edges[i].From)
	}
}

func TestMergeKeepsTheLastErrorsOfEachComponent(t *testing.T) {
	report := func(component string, from, to int) (r cluster.Report) {
		for i := from; i < to; i++ {
			r.Snapshot.Errors = append(r.Snapshot.Errors, worker.ReportedError{Component: component, At: time.Unix(int64(i), 0), Text: fmt.Sprint(i)})
		}
		return r
	}
	s := Merge([]cluster.Report{report("b", 5, 15), report("a", 0, 3), report("b", 0, 8)})
	var got []string
	for _, e := range s.Errors {
		got = append(got, e.Component+e.Text)
	}
	require.Equal(t, []string{"a0", "a1", "a2", "b6", "b7", "b7", "b8", "b9", "b10", "b11", "b12", "b13", "b14"}, got)
}

func TestTheStateIsThatOfTheLastWorker(t *testing.T) {
	for want, phases := range map[string][]cluster.Phase{
		"running":  {cluster.Running, cluster.Running},
		"starting": {cluster.Running, cluster.Opening},
		"draining": {cluster.Stopped, cluster.Draining},
		"stopped":  {cluster.Stopped},
	} {
		var reports []cluster.Report
		for _, p := range phases {
			reports = append(reports, reported(p, time.Second, 1))
		}
		require.Equal(t, want, Merge(reports).State)
	}
	require.Empty(t, Merge(nil).Tasks)
}
