package client

import (
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func described(status cluster.Status, wanted, generation, workers, running int) cluster.Description {
	return cluster.Description{
		Summary: cluster.Summary{Name: "a", ID: "id1", Status: status, Generation: generation, Workers: workers, Running: running, Message: "because"},
		Wanted:  wanted,
	}
}

// reverted is a topology that went back from generation 2.
func reverted(generation, running int) cluster.Description {
	d := described(cluster.Active, 3, generation, 3, running)
	d.Reverted = 2
	return d
}

func TestWhetherAGenerationRuns(t *testing.T) {
	for name, c := range map[string]struct {
		d    cluster.Description
		done bool
		code cluster.Code // of the error; empty for none
	}{
		"it runs":                         {described(cluster.Active, 2, 2, 3, 3), true, ""},
		"inactive, it runs too":           {described(cluster.Inactive, 2, 2, 3, 3), true, ""},
		"a worker is missing":             {described(cluster.Active, 2, 2, 3, 2), false, ""},
		"the one before still runs":       {described(cluster.Active, 2, 1, 3, 3), false, ""},
		"nothing runs yet":                {described(cluster.Active, 2, 0, 0, 0), false, ""},
		"it has finished":                 {described(cluster.Finished, 2, 2, 3, 0), true, ""},
		"it failed":                       {described(cluster.Failed, 2, 2, 3, 0), false, cluster.Invalid},
		"it is killed":                    {described(cluster.Killed, 2, 2, 3, 3), false, cluster.NotFound},
		"another change came after":       {described(cluster.Active, 3, 1, 3, 3), false, cluster.Conflict},
		"it was taken back":               {described(cluster.Active, 1, 1, 3, 3), false, cluster.Invalid},
		"it goes back to what ran before": {reverted(2, 1), false, cluster.Invalid},
		"it has gone back":                {reverted(3, 3), false, cluster.Invalid},
		"taken back, without workers up":  {described(cluster.Active, 1, 1, 3, 0), false, cluster.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			done, err := runs(&c.d, 2)
			require.Equal(t, c.done, done)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.code, cluster.CodeOf(err), "%v", err)
		})
	}
}

// answers has describe give one answer after the other, the last for ever.
func answers(f *fake, all ...func() (any, error)) {
	on(f, cluster.VerbDescribe, func(cluster.NameRequest) (any, error) {
		a := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		return a()
	})
}

func as(d cluster.Description) func() (any, error) { return func() (any, error) { return d, nil } }

func gone() (any, error) { return nil, cluster.Errorf(cluster.NotFound, "there is none") }

func TestWaitRunningTellsEachLookUntilItRuns(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, as(described(cluster.Active, 1, 0, 2, 0)), as(described(cluster.Active, 1, 1, 2, 1)), as(described(cluster.Active, 1, 1, 2, 2)))
	var seen []int
	d, err := f.client(t).WaitRunning(t.Context(), "a", 1, func(d cluster.Description) { seen = append(seen, d.Running) })
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, seen)
	require.Equal(t, 2, d.Running)
}

func TestWaitGoneEndsWhenTheTopologyIsGone(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, as(described(cluster.Killed, 1, 1, 2, 2)), gone)
	looks := 0
	require.NoError(t, f.client(t).WaitGone(t.Context(), "a", "id1", func(cluster.Description) { looks++ }))
	require.Equal(t, 1, looks)
}

func TestWaitGoneEndsWhenTheNameIsAnothers(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	answers(f, as(described(cluster.Active, 1, 1, 2, 2)))
	require.NoError(t, f.client(t).WaitGone(t.Context(), "a", "id0", nil))
}

func TestWaitDrained(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	used := 3
	on(f, cluster.VerbSupervisors, func(cluster.Empty) (any, error) {
		used--
		return cluster.SupervisorsResponse{Supervisors: []cluster.SupervisorStatus{{Supervisor: cluster.Supervisor{Host: cluster.Host{ID: "s1"}}, Used: used}}}, nil
	})
	c := f.client(t)
	require.NoError(t, c.WaitDrained(t.Context(), "s1", nil))
	require.Zero(t, used)
	require.Equal(t, cluster.NotFound, cluster.CodeOf(c.WaitDrained(t.Context(), "s2", nil)))
}
