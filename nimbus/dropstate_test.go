package nimbus

import (
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
)

// leaveState makes the streams that a topology which keeps state leaves.
func leaveState(t *testing.T, js jetstream.JetStream, topology string) {
	t.Helper()
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: cluster.StateStreams(topology)[0], Subjects: cluster.StateSubjects(topology)[:1]})
	require.NoError(t, err)
	_, err = js.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: cluster.StateStreams(topology)[1][len("OBJ_"):]})
	require.NoError(t, err)
}

func streams(t *testing.T, js jetstream.JetStream) (names []string) {
	t.Helper()
	all := js.StreamNames(t.Context(), jetstream.WithStreamListSubject("gale.state.>"))
	for name := range all.Name() {
		names = append(names, name)
	}
	require.NoError(t, all.Err())
	objects := js.ObjectStoreNames(t.Context())
	for name := range objects.Name() {
		if name != cluster.ProgramBucket {
			names = append(names, name)
		}
	}
	require.NoError(t, objects.Error())
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
	require.ElementsMatch(t, []string{cluster.StateStreams("words.2")[0], cluster.StateStreams("words.2")[1][len("OBJ_"):]}, streams(t, r.js))
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
	keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	r.nats.Shutdown()
	r.o.Keys = keys
	r.startNATS()
	credentials := func(role auth.Role) cluster.Access {
		text, err := keys.Issue(role, "test")
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "creds")
		require.NoError(t, auth.WriteFile(file, text))
		return cluster.Access{URL: r.nats.URL(), Credentials: file}
	}
	app, err := cluster.Connect(credentials(auth.App), "app", nil)
	require.NoError(t, err)
	defer app.Close()
	js, err := jetstream.New(app)
	require.NoError(t, err)
	leaveState(t, js, "words")
	r.nc, err = cluster.Connect(credentials(auth.Daemon), "daemon", nil)
	require.NoError(t, err)
	defer r.nc.Close()

	keyless := r.nimbus("n1", func(o *Options) { o.Access, o.Issuer = credentials(auth.Daemon), issuer{} })
	r.refused(cluster.Unauthorized, cluster.VerbDropState, cluster.NameRequest{Name: "words"})
	keyless.stop()
	r.nimbus("n2", func(o *Options) { o.Access, o.Issuer = credentials(auth.Daemon), keys.Issuer() })
	r.must(cluster.VerbDropState, cluster.NameRequest{Name: "words"}, nil)
	require.Empty(t, streams(t, js))
}
