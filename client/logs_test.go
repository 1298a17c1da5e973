package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func withWorkers(workers ...cluster.WorkerStatus) func() (any, error) {
	return as(cluster.Description{Summary: cluster.Summary{Name: "a", ID: "id1"}, Workers: workers})
}

// numbered answers with the lines from From on, two at a time, of as many as there are.
func numbered(have *atomic.Int64) func(cluster.LogsRequest) (any, error) {
	return func(q cluster.LogsRequest) (any, error) {
		from, _ := strconv.Atoi(q.From)
		end := min(from+2, int(have.Load()))
		var lines []string
		for i := from; i < end; i++ {
			lines = append(lines, fmt.Sprintf("%s %d", q.Worker, i))
		}
		return cluster.LogsResponse{Lines: lines, Next: strconv.Itoa(end), More: end < int(have.Load())}, nil
	}
}

func TestLogsReadsAllWorkers(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}, cluster.WorkerStatus{ID: "w2", Supervisor: "s2"}))
	var have atomic.Int64
	have.Store(3)
	f.supervise(t, "s1", numbered(&have))
	f.supervise(t, "s2", numbered(&have))
	var got []string
	each := func(l LogLine) error { got = append(got, l.Supervisor+" "+l.Text); return nil }
	c := f.client(t)
	require.NoError(t, c.Logs(t.Context(), LogQuery{Topology: "a"}, each))
	require.Equal(t, []string{"s1 w1 0", "s1 w1 1", "s1 w1 2", "s2 w2 0", "s2 w2 1", "s2 w2 2"}, got)
	got = nil
	require.NoError(t, c.Logs(t.Context(), LogQuery{Topology: "a", Worker: "2"}, each))
	require.Equal(t, []string{"s2 w2 0", "s2 w2 1", "s2 w2 2"}, got)
}

func TestFollowedLogsGoOnAndEndWithTheTopology(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}))
	var have atomic.Int64
	have.Store(1)
	f.supervise(t, "s1", numbered(&have))
	var got []string
	err := f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Follow: true}, func(l LogLine) error {
		got = append(got, l.Text)
		if len(got) == 3 {
			answers(f, gone)
		} else {
			have.Add(1)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"w1 0", "w1 1", "w1 2"}, got)
}

func TestALogThatCantBeReadIsTold(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "lost"}, cluster.WorkerStatus{ID: "w2", Supervisor: "s2"}))
	var have atomic.Int64
	have.Store(1)
	f.supervise(t, "s2", numbered(&have))
	var got []LogLine
	each := func(l LogLine) error { got = append(got, l); return nil }
	require.NoError(t, f.client(t).Logs(t.Context(), LogQuery{Topology: "a"}, each))
	require.Len(t, got, 2)
	require.True(t, got[0].Notice)
	require.Contains(t, got[0].Text, `"lost" is not there`)
	require.Equal(t, "w2 0", got[1].Text)

	err := f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Worker: "w1"}, each)
	require.Equal(t, cluster.Unavailable, cluster.CodeOf(err), "no log could be read")
}

func TestAnErrorOfTheCallbackEndsLogs(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}))
	var have atomic.Int64
	have.Store(9)
	f.supervise(t, "s1", numbered(&have))
	full := errors.New("the disk is full")
	require.ErrorIs(t, f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Follow: true}, func(LogLine) error { return full }), full)
}

func TestAFaultyPatternIsRefused(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}))
	err := f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Grep: "("}, func(LogLine) error { return nil })
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
}

func TestReportsAreDeliveredUntilTheContextEnds(t *testing.T) {
	f := startFake(t)
	c := f.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	var got cluster.Report
	go func() {
		done <- c.Reports(ctx, "id1", func(r cluster.Report) error { got = r; cancel(); return nil })
	}()
	require.Eventually(t, func() bool {
		_ = f.nc.Publish(cluster.ReportSubject("id1", "w1"), []byte("{"))
		_ = f.nc.Publish(cluster.ReportSubject("id1", "w1"), []byte(`{"worker":"w1","seq":7}`))
		return ctx.Err() != nil
	}, deadline, c.pause)
	require.ErrorIs(t, <-done, context.Canceled)
	require.EqualValues(t, 7, got.Seq)
}

// noLog is what a supervisor answers that has no log of the worker: without headers.
func noLog(cluster.LogsRequest) (any, error) {
	return cluster.Errorf(cluster.NotFound, "the supervisor has no logs of it"), nil
}

func TestTheLastLinesOfAWorkerThatHasEndedAreRead(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}))
	var have atomic.Int64
	have.Store(1)
	f.supervise(t, "s1", numbered(&have))
	var got []string
	err := f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Follow: true}, func(l LogLine) error {
		if got = append(got, l.Text); len(got) == 1 {
			on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) { have.Store(3); return gone() })
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"w1 0", "w1 1", "w1 2"}, got)
}

func TestTheLogOfAWorkerThatIsGoneIsSearchedFor(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers())
	on(f, cluster.VerbSupervisors, func(cluster.Empty) (any, error) {
		var r cluster.SupervisorsResponse
		for _, id := range []string{"s1", "s2"} {
			r.Supervisors = append(r.Supervisors, cluster.SupervisorStatus{Supervisor: cluster.Supervisor{Host: cluster.Host{ID: id}}, State: "up"})
		}
		return r, nil
	})
	var have atomic.Int64
	have.Store(1)
	f.supervise(t, "s1", noLog)
	f.supervise(t, "s2", numbered(&have))
	var got []LogLine
	require.NoError(t, f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Worker: "w9"}, func(l LogLine) error { got = append(got, l); return nil }))
	require.Equal(t, []LogLine{{Worker: "w9", Supervisor: "s2", Text: "w9 0"}}, got)
}

func TestNoLogAtAllIsAnError(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}))
	f.supervise(t, "s1", noLog)
	err := f.client(t).Logs(t.Context(), LogQuery{Topology: "a"}, func(LogLine) error { return nil })
	require.Equal(t, cluster.NotFound, cluster.CodeOf(err))
}

func over(crashes ...cluster.Crash) func() (any, error) {
	return as(cluster.Description{Summary: cluster.Summary{Name: "a", ID: "id1", Status: cluster.Failed}, Crashes: crashes})
}

func oneSupervisor(f *fake) {
	on(f, cluster.VerbSupervisors, func(cluster.Empty) (any, error) {
		s1 := cluster.SupervisorStatus{Supervisor: cluster.Supervisor{Host: cluster.Host{ID: "s1"}}, State: "up"}
		return cluster.SupervisorsResponse{Supervisors: []cluster.SupervisorStatus{s1}}, nil
	})
}

func TestTheLogsOfATopologyThatIsOver(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	oneSupervisor(f)
	var have atomic.Int64
	have.Store(1)
	f.supervise(t, "s1", numbered(&have))
	var got []string
	each := func(l LogLine) error { got = append(got, l.Text); return nil }
	c := f.client(t)

	answers(f, over())
	err := c.Logs(t.Context(), LogQuery{Topology: "a", Follow: true}, each)
	require.Equal(t, cluster.NotFound, cluster.CodeOf(err), "nobody knows its workers")
	require.ErrorContains(t, err, `topology "a" has failed, and its workers are gone`)

	answers(f, over(cluster.Crash{Worker: "w1", Life: 1}, cluster.Crash{Worker: "w1", Life: 2}))
	require.NoError(t, c.Logs(t.Context(), LogQuery{Topology: "a", Follow: true}, each), "it ends by itself")
	require.Equal(t, []string{"w1 0"}, got)

	require.NoError(t, c.Logs(t.Context(), LogQuery{Topology: "a", Worker: "w9"}, each))
	require.Equal(t, []string{"w1 0", "w9 0"}, got)
}

func TestFollowedLogsEndWhenTheTopologyHasFailed(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, withWorkers(cluster.WorkerStatus{ID: "w1", Supervisor: "s1"}))
	var have atomic.Int64
	have.Store(1)
	f.supervise(t, "s1", numbered(&have))
	var got []string
	err := f.client(t).Logs(t.Context(), LogQuery{Topology: "a", Follow: true}, func(l LogLine) error {
		if got = append(got, l.Text); len(got) == 1 {
			on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) { have.Store(3); return over()() })
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"w1 0", "w1 1", "w1 2"}, got)
}
