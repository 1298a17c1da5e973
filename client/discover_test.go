package client

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

func TestDiscover(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"GALE_NATS", "GALE_CREDS", "GALE_TLS_CA", "GALE_TLS_CERT", "GALE_TLS_KEY"} {
		t.Setenv(name, "")
	}
	require.Equal(t, cluster.Access{}, discovered(t))

	require.NoError(t, os.MkdirAll(filepath.Dir(ConnectionFile()), 0o700))
	text := fmt.Sprintf(`{"url":"nats://127.0.0.1:9","credentials":"/c","pid":%d}`, os.Getpid())
	require.NoError(t, os.WriteFile(ConnectionFile(), []byte(text), 0o600))
	require.Equal(t, cluster.Access{URL: "nats://127.0.0.1:9", Credentials: "/c"}, discovered(t))

	t.Setenv("GALE_NATS", "nats://h:1")
	t.Setenv("GALE_TLS_CA", "/ca")
	require.Equal(t, cluster.Access{URL: "nats://h:1", CA: "/ca"}, discovered(t), "what is said goes first, and alone")

	t.Setenv("GALE_NATS", "")
	t.Setenv("GALE_TLS_CA", "")
	require.NoError(t, os.WriteFile(ConnectionFile(), []byte("{"), 0o600))
	_, err := Discover()
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
}

func discovered(t *testing.T) cluster.Access {
	t.Helper()
	a, err := Discover()
	require.NoError(t, err)
	return a
}

func TestAProcessWithoutANumberDoesNotLive(t *testing.T) {
	require.False(t, Connection{}.Living())
	require.True(t, Connection{PID: os.Getpid()}.Living())
}

func TestAProcessThatHasGotTheNumberLaterIsAnother(t *testing.T) {
	mine := NewConnection("nats://127.0.0.1:9", "/c")
	require.NotEmpty(t, mine.Started)
	require.True(t, mine.Living())

	parent := mine // a process that lives, with another time of start
	parent.PID = os.Getppid()
	require.False(t, parent.Living())
	started, err := startOf(parent.PID)
	require.NoError(t, err)
	parent.Started = started
	require.True(t, parent.Living())
}
