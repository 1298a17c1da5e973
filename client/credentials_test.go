package client

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/natsd"
	"github.com/stretchr/testify/require"
)

func TestAFileThatIsNoCredentialsIsUnauthorized(t *testing.T) {
	file := filepath.Join(t.TempDir(), "junk.creds")
	require.NoError(t, os.WriteFile(file, []byte("junk\n"), 0o600))
	_, err := Connect(cluster.Access{URL: startServer(t), Credentials: file})
	require.Equal(t, cluster.Unauthorized, cluster.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, file)
}

func TestCredentialsOfAnotherAccountAreUnauthorized(t *testing.T) {
	keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	s, err := natsd.Start(natsd.Options{Data: t.TempDir(), Port: -1, Keys: keys})
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	for role, want := range map[auth.Role]cluster.Code{auth.App: cluster.Unauthorized, auth.System: cluster.Unauthorized, auth.Client: cluster.Unavailable} {
		text, err := keys.Issue(role, string(role))
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "a.creds")
		require.NoError(t, auth.WriteFile(file, text))
		c, err := Connect(cluster.Access{URL: s.URL(), Credentials: file})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		c.pause = time.Millisecond
		if want == cluster.Unauthorized {
			c.patience = deadline
		} else {
			c.patience = time.Second // for more requests than are suspicious
		}
		_, err = c.List(t.Context())
		require.Equal(t, want, cluster.CodeOf(err), "%s: %v", role, err)
	}
}
