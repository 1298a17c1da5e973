package nimbus

import (
	"slices"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
)

// leaveState makes the streams that a topology which keeps state leaves.
func leaveState(t *testing.T, js jetstream.JetStream, topology string) {
	t.Helper()
	log, snapshots := cluster.StateStreams(topology)
	for name, subjects := range map[string][]string{log: cluster.StateSubjects(topology)[:1], snapshots: cluster.StateSubjects(topology)[1:]} {
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: subjects})
		require.NoError(t, err)
	}
}

func streams(t *testing.T, js jetstream.JetStream) (names []string) {
	t.Helper()
	for _, subject := range []string{"gale.state.>", "$O.>"} {
		all := js.StreamNames(t.Context(), jetstream.WithStreamListSubject(subject))
		for name := range all.Name() {
			if name != cluster.ProgramStream && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		require.NoError(t, all.Err())
	}
	return names
}

func TestStateIsDroppedOfATopologyThatIsGone(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	r.machine("a", 8)
	leaveState(t, r.js, "words")
	leaveState(t, r.js, "words.2")
	r.submit("words")
	name := cluster.NameRequest{Name: "words"}
	r.refused(cluster.Conflict, cluster.VerbDropState, name)
	r.must(cluster.VerbKill, cluster.KillRequest{Name: "words", Wait: -1}, nil)
	require.Len(t, streams(t, r.js), 4, "a kill leaves state")

	r.awaitGone("words")
	r.must(cluster.VerbDropState, name, nil)
	log, snapshots := cluster.StateStreams("words.2")
	require.ElementsMatch(t, []string{log, snapshots}, streams(t, r.js))
	r.refused(cluster.NotFound, cluster.VerbDropState, name)
	r.refused(cluster.Invalid, cluster.VerbDropState, cluster.NameRequest{Name: "*"})
}

// A leader that was paused while another began a topology must not take its state away.
func TestStateIsNotDroppedOfATopologyThatTheLeaderDoesNotKnow(t *testing.T) {
	r := newRig(t)
	r.nimbus("n1")
	leaveState(t, r.js, "words")
	_, err := r.records().KV().Put(t.Context(), cluster.TopologyPrefix+"words", []byte("{}"))
	require.NoError(t, err)
	r.refused(cluster.Conflict, cluster.VerbDropState, cluster.NameRequest{Name: "words"})
	require.Len(t, streams(t, r.js), 2)
}

func TestStateIsDroppedInTheAccountOfApps(t *testing.T) {
	r := newRig(t)
	accounts := r.withAccounts()
	keyless := r.nimbus("n1", func(o *Options) { o.Access, o.Issuer = accounts.access(auth.Daemon), issuer{} })
	r.refused(cluster.Unauthorized, cluster.VerbDropState, cluster.NameRequest{Name: "words"})
	keyless.stop()
	r.nimbus("n2", func(o *Options) { o.Access, o.Issuer = accounts.access(auth.Daemon), accounts.keys.Issuer() })
	r.must(cluster.VerbDropState, cluster.NameRequest{Name: "words"}, nil)
	require.Empty(t, streams(t, accounts.apps))
}
