package supervisor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

var someProgram = cluster.Program{Digest: strings.Repeat("0", 64), Size: 1}

func put(t *testing.T, r *roster, revision uint64, a *cluster.Assignment) error {
	t.Helper()
	value, err := json.Marshal(a)
	require.NoError(t, err)
	return r.put(cluster.AssignmentPrefix+a.Topology, revision, value)
}

func at(a *cluster.Assignment, epoch, version uint64) *cluster.Assignment {
	c := *a
	c.Epoch, c.Version = epoch, version
	return &c
}

func TestRosterRefusesOlderEpochsAndVersions(t *testing.T) {
	r := newRoster("self")
	a := assignment("self", someProgram)
	require.NoError(t, put(t, r, 1, at(a, 5, 3)))
	require.ErrorContains(t, put(t, r, 2, at(a, 4, 9)), "epoch 5, version 3 was seen before")
	require.Error(t, put(t, r, 3, at(a, 5, 2)))
	require.NoError(t, put(t, r, 4, at(a, 5, 3)))
	require.NoError(t, put(t, r, 5, at(a, 6, 4)))
	require.Equal(t, uint64(6), r.orders()[workerOf(a)].Epoch)
}

func TestRosterRemembersWhatAFormerSupervisorHasSeen(t *testing.T) {
	r := newRoster("self")
	a := assignment("self", someProgram)
	r.remember(order{TopologyID: a.ID, Epoch: 5, Version: 3})
	require.Error(t, put(t, r, 1, at(a, 4, 4)))
	require.Empty(t, r.orders())
}

func TestRosterHasCurrentAndNextOfItsOwn(t *testing.T) {
	r := newRoster("self")
	a := assignment("self", someProgram)
	next := *a.Current
	next.Number = 2
	next.Workers = []cluster.Worker{{ID: "w2", Supervisor: "self"}, {ID: "w3", Supervisor: "other"}}
	a.Next = &next
	require.NoError(t, put(t, r, 1, a))
	orders := r.orders()
	require.Len(t, orders, 2)
	require.Equal(t, 2, orders["w2"].Generation)
	require.Equal(t, 1, orders[workerOf(a)].Generation)
}

func TestRosterForgetsByDeletionAtOnceAndDoesNotTakeTheSameBack(t *testing.T) {
	r := newRoster("self")
	a := assignment("self", someProgram)
	key := cluster.AssignmentPrefix + a.Topology
	require.NoError(t, put(t, r, 7, a))
	r.delete(key, 6)
	require.Len(t, r.orders(), 1, "a deletion that was before the record")
	r.delete(key, 8)
	require.Empty(t, r.orders())
	require.Error(t, put(t, r, 7, a), "a read that is behind")
}

func TestRosterForgetsByAbsenceTheSecondTime(t *testing.T) {
	r := newRoster("self")
	a := assignment("self", someProgram)
	key := cluster.AssignmentPrefix + a.Topology
	require.NoError(t, put(t, r, 7, a))
	r.read(map[string]bool{})
	require.Len(t, r.orders(), 1)
	r.read(map[string]bool{key: true})
	r.read(map[string]bool{})
	require.Len(t, r.orders(), 1)
	r.read(map[string]bool{})
	require.Empty(t, r.orders())
}

func TestRosterGivesUpTheFormerTopologyOfAName(t *testing.T) {
	r := newRoster("self")
	a, b := assignment("self", someProgram), assignment("self", someProgram)
	b.Topology = a.Topology
	require.NoError(t, put(t, r, 1, a))
	require.NoError(t, put(t, r, 2, b))
	require.Error(t, put(t, r, 1, a))
	require.Contains(t, r.orders(), workerOf(b))
	require.Len(t, r.orders(), 1)
}

func TestRosterRemembersABoundedNumber(t *testing.T) {
	r := newRoster("self")
	a := at(assignment("self", someProgram), 9, 9)
	require.NoError(t, put(t, r, 1, a))
	for i := range 2 * maxFences {
		r.raise(fmt.Sprint(i), fence{1, 1})
	}
	require.LessOrEqual(t, len(r.fences), maxFences)
	require.Error(t, put(t, r, 2, at(a, 8, 9)), "what runs is still fenced")
}

func TestOldAssignmentDoesNotTouchWhatRuns(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	a := r.assign(t, w.Supervisor, "live")
	first := w.awaitWorker(t, a, "it runs", runs(1))
	old := at(a, a.Epoch-1, a.Version+1)
	old.Current = nil
	value, err := json.Marshal(old)
	require.NoError(t, err)
	_, err = r.store.KV().Put(t.Context(), cluster.AssignmentPrefix+a.Topology, value)
	require.NoError(t, err)
	// What comes after the old record was seen after it.
	marker := r.assign(t, w.Supervisor, "live")
	w.awaitWorker(t, marker, "a later worker runs", runs(1))
	still := w.awaitWorker(t, a, "it runs on", runs(1))
	require.Equal(t, first.PID, still.PID)
}
