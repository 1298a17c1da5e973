package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/stretchr/testify/require"
)

// A Nimbus that can't make credentials for state says so when it starts, not when a topology needs some.
func TestTheKeyOfStateIsLookedForBesideTheOther(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	_, err := auth.OpenKeys(keys)
	require.NoError(t, err)
	line := []string{"nimbus", "--id", "n1", "--nats", "nats://127.0.0.1:1", "--account-key", filepath.Join(keys, "account-gale.nk")}
	code, _, said := gale(t, line...)
	require.Equal(t, exitNotNow, code, "there is no NATS")
	require.NotContains(t, said, "can't keep state")

	away := filepath.Join(t.TempDir(), "apps")
	require.NoError(t, os.Rename(filepath.Join(keys, "account-apps.nk"), away))
	code, _, said = gale(t, line...)
	require.Equal(t, exitNotNow, code)
	require.Contains(t, said, "topologies can't keep state: there is no key of the account APPS; give it with --apps-key")
	code, _, said = gale(t, append(line, "--apps-key", away)...)
	require.Equal(t, exitNotNow, code)
	require.NotContains(t, said, "can't keep state")
	code, _, said = gale(t, append(line, "--apps-key", away+".none")...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, said, "no such file")
}
