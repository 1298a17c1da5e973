package nimbus

import (
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
)

// accounts are a rig's, whose NATS asks for credentials.
type accounts struct {
	r    *rig
	keys *auth.Keys
	apps jetstream.JetStream // as a user's topology sees it
}

// withAccounts starts NATS anew, with accounts, and leaves the state of a topology "words" in that of apps.
func (r *rig) withAccounts() *accounts {
	r.t.Helper()
	keys, err := auth.OpenKeys(filepath.Join(r.t.TempDir(), "keys"))
	require.NoError(r.t, err)
	r.nats.Shutdown()
	r.o.Keys = keys
	r.startNATS()
	a := &accounts{r: r, keys: keys}
	app, err := cluster.Connect(a.access(auth.App), "app", nil)
	require.NoError(r.t, err)
	r.t.Cleanup(app.Close)
	a.apps, err = jetstream.New(app)
	require.NoError(r.t, err)
	leaveState(r.t, a.apps, "words")
	r.nc, err = cluster.Connect(a.access(auth.Daemon), "daemon", nil)
	require.NoError(r.t, err)
	r.t.Cleanup(r.nc.Close)
	return a
}

// access is how one of the role connects.
func (a *accounts) access(role auth.Role) cluster.Access {
	text, err := a.keys.Issue(role, "test")
	require.NoError(a.r.t, err)
	file := filepath.Join(a.r.t.TempDir(), "creds")
	require.NoError(a.r.t, auth.WriteFile(file, text))
	return cluster.Access{URL: a.r.nats.URL(), Credentials: file}
}
