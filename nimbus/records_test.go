package nimbus

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/cluster"
)

// S-11: a record that can't be read disturbs nothing else, and is left where it is.
func TestS11BrokenRecordsAreLeftAlone(t *testing.T) {
	r := newRig(t)
	first := r.nimbus("n1")
	m := r.machine("a", 8)
	r.submit("words")
	r.submit("sound")
	r.awaitState("words", "running", 1)
	r.awaitState("sound", "running", 1)
	first.stop()

	kv := r.records().KV()
	broken := map[string]string{
		cluster.TopologyPrefix + "torn":        "{",
		cluster.TopologyPrefix + "other":       `{"name":"another","id":"X"}`,
		cluster.TopologyPrefix + "odd":         odd(t, r),
		cluster.AssignmentPrefix + "words":     `{"topology":"words","id":"` + r.id("words") + `","current":{"workers":[{"id":"../../etc"}]}}`,
		cluster.SupervisorPrefix + "elsewhere": `[]`,
	}
	for key, value := range broken {
		_, err := kv.PutString(t.Context(), key, value)
		require.NoError(t, err)
	}
	n2 := r.nimbus("n2")
	require.Len(t, r.status().Problems, len(broken))
	r.awaitState("sound", "running", 1)
	d := r.describe("words")
	require.Len(t, d.Records, 1)
	require.Contains(t, d.Records[0], "assignment.words")
	e := r.refused(cluster.Conflict, cluster.VerbSubmit, r.request("torn"))
	require.Contains(t, e.Hint, "topology.torn")
	r.refused(cluster.Conflict, cluster.VerbKill, cluster.KillRequest{Name: "torn"})
	r.refused(cluster.Conflict, cluster.VerbRebalance, cluster.RebalanceRequest{Name: "words", Workers: 1})
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "sound"}, nil)
	r.awaitGone("sound")
	for key, value := range broken {
		entry, err := kv.Get(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, value, string(entry.Value()))
	}
	require.True(t, n2.Leading())

	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words"}, nil)
	r.awaitGone("words")
	await(t, "its workers are gone", func() bool { return m.workers() == 0 })
}

func (r *rig) id(name string) string {
	t, there := r.topology(name)
	require.True(r.t, there)
	return t.ID
}

func odd(t *testing.T, r *rig) string {
	q := r.request("odd")
	record := newTopology(q)
	record.Status = "resting"
	text, err := json.Marshal(record)
	require.NoError(t, err)
	return string(text)
}

func TestAProgramThatIsMissingIsAProblemOfItsTopologyOnly(t *testing.T) {
	r := newRig(t)
	first := r.nimbus("n1")
	r.machine("a", 8)
	s := r.submit("words")
	r.awaitState("words", "running", 1)
	first.stop()
	require.NoError(t, r.programs().Delete(t.Context(), r.describeDigest("words")))
	r.nimbus("n2")
	require.Equal(t, s.ID, r.awaitState("words", "running", 1).ID)
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words"}, nil)
	r.awaitGone("words")
}

func (r *rig) describeDigest(name string) string {
	t, there := r.topology(name)
	require.True(r.t, there)
	return t.Program.Digest
}

func TestKeysOfOneKindAreNotMistakenForThoseOfAnother(t *testing.T) {
	r := &records{map[string]cluster.Topology{"supervisor.a": {}}, map[string]cluster.Assignment{}, map[string]cluster.Supervisor{}, map[string]string{}}
	r.add("supervisor.a", []byte(`{"id":"a","slots":1}`))
	require.Contains(t, r.supervisors, "a")
	require.Contains(t, r.topologies, "supervisor.a")
	r.remove("supervisor.a")
	require.NotContains(t, r.supervisors, "a")
	require.Contains(t, r.topologies, "supervisor.a")
	require.Empty(t, r.broken)
}

func TestProgramsThatNobodyRunsAreCollected(t *testing.T) {
	r := newRig(t)
	n := r.newNimbus("n1", func(o *Options) { o.CollectAfter = time.Nanosecond })
	b, err := n.open(t.Context(), r.connect())
	require.NoError(t, err)
	used, unused := r.upload("used"), r.upload("unused")
	_, err = b.store.TakeOver(t.Context(), "test")
	require.NoError(t, err)
	l, err := newLeader(t.Context(), n, b)
	require.NoError(t, err)
	defer l.close(nil)
	l.deployments["words"] = newDeployment(cluster.Topology{Name: "words", Program: used})
	l.broken["topology.torn"] = "it can't be read"
	require.NoError(t, l.collect())
	require.True(t, r.stored(unused), "nobody knows what the torn topology runs")
	l.maybeDiscard(unused.Digest, doubtfulAge)
	require.True(t, r.stored(unused))
	l.maybeDiscard(unused.Digest, doubtfulAge+1)
	require.False(t, r.stored(unused), "the torn record is not to keep everything for ever")
	l.maybeDiscard(used.Digest, doubtfulAge+1)
	require.True(t, r.stored(used))

	unused = r.upload("unused")
	delete(l.broken, "topology.torn")
	l.broken["supervisor.torn"] = "it can't be read"
	require.NoError(t, l.collect())
	require.False(t, r.stored(unused), "supervisors run no program of their own")
	require.True(t, r.stored(used))
}

func TestSupervisorsThatAreLostForLongAreForgotten(t *testing.T) {
	r := newRig(t)
	n := r.newNimbus("n1")
	b, err := n.open(t.Context(), r.connect())
	require.NoError(t, err)
	l, err := newLeader(t.Context(), n, b)
	require.NoError(t, err)
	defer l.close(nil)
	now := time.Now()
	for id, v := range map[string]*supervisor{"lost": {at: now}, "drained": {at: now, record: cluster.Supervisor{Drained: true}}, "up": {at: now.Add(forgetAfter)}} {
		v.record.ID = id
		l.supervisors[id] = v
		require.NoError(t, l.putSupervisor(v, v.record))
	}
	require.NoError(t, l.forgetSupervisors(now.Add(forgetAfter)))
	require.Len(t, l.supervisors, 2)
	_, err = b.store.KV().Get(t.Context(), cluster.SupervisorPrefix+"lost")
	require.ErrorIs(t, err, jetstream.ErrKeyNotFound)

	l.supervisors["up"].at = now.Add(forgetDrainedAfter)
	require.NoError(t, l.forgetSupervisors(now.Add(forgetDrainedAfter-time.Second)))
	require.Len(t, l.supervisors, 2, "one that was drained may be back after repairs")
	require.NoError(t, l.forgetSupervisors(now.Add(forgetDrainedAfter)))
	require.Len(t, l.supervisors, 1)
	_, err = b.store.KV().Get(t.Context(), cluster.SupervisorPrefix+"drained")
	require.ErrorIs(t, err, jetstream.ErrKeyNotFound)
}

func TestBeatsBeyondTheLimitAreDroppedAndCounted(t *testing.T) {
	s := newScene().all
	now := time.Now()
	for i := range maxSupervisors + 5 {
		s.beat(cluster.Beat{Host: cluster.Host{ID: fmt.Sprintf("s%d", i)}}, now)
	}
	require.Len(t, s.supervisors, maxSupervisors)
	require.EqualValues(t, 5+3, s.dropped, "a, b and c were there")
	s.beat(cluster.Beat{Host: cluster.Host{ID: "a", Slots: 1}}, now)
	require.Equal(t, 1, s.supervisors["a"].record.Slots)
	require.Len(t, s.problems(now), 1)
}
