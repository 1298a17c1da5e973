package auth_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"
)

func TestKeysAreMadeOnceAndPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "data", "keys")
	made, err := auth.OpenKeys(dir)
	require.NoError(t, err)
	read, err := auth.OpenKeys(dir)
	require.NoError(t, err)
	require.Equal(t, accounts(t, made), accounts(t, read))
	require.Len(t, accounts(t, made), 3)

	require.NoError(t, filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		i, err := d.Info()
		require.NoError(t, err)
		require.Zero(t, i.Mode().Perm()&0o077, "%s is %v", path, i.Mode())
		return nil
	}))
	beside, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.Len(t, beside, 1, "something was left beside the keys")
}

func TestKeysMadeAtTheSameTimeAreTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	all := make([]*auth.Keys, 16)
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i], errs[i] = auth.OpenKeys(dir) })
	}
	wg.Wait()
	for i := range all {
		require.NoError(t, errs[i])
		require.Equal(t, accounts(t, all[0]), accounts(t, all[i]))
	}
}

func TestACrashWhileKeysAreMadeBreaksNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	half := dir + ".new-123"
	require.NoError(t, os.Mkdir(half, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(half, "operator.nk"), []byte("SO"), 0o600))
	_, err := auth.OpenKeys(dir)
	require.NoError(t, err)
}

func TestWrongKeysAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, file string)
		want  string
	}{
		"one is missing":     {func(t *testing.T, f string) { require.NoError(t, os.Remove(f)) }, "lacks some"},
		"others can read it": {func(t *testing.T, f string) { require.NoError(t, os.Chmod(f, 0o644)) }, "chmod 600"},
		"it is garbage":      {overwrite("SAgarbage"), "no seed"},
		"it is empty":        {overwrite(""), "EOF"},
		"it is a user's":     {overwriteSeed(nkeys.PrefixByteUser), "that of a user"},
		"it is a folder": {func(t *testing.T, f string) {
			require.NoError(t, os.Remove(f))
			require.NoError(t, os.Mkdir(f, 0o700))
		}, "is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			_, err := auth.OpenKeys(dir)
			require.NoError(t, err)
			c.spoil(t, filepath.Join(dir, "account-gale.nk"))
			_, err = auth.OpenKeys(dir)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func overwrite(text string) func(*testing.T, string) {
	return func(t *testing.T, file string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
}

func overwriteSeed(kind nkeys.PrefixByte) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		pair, err := nkeys.CreatePair(kind)
		require.NoError(t, err)
		seed, err := pair.Seed()
		require.NoError(t, err)
		overwrite(string(seed))(t, file)
	}
}

func TestAnIssuerNeedsTheAccountsSeedOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := auth.OpenKeys(dir)
	require.NoError(t, err)
	alone := filepath.Join(t.TempDir(), "seed")
	seed, err := os.ReadFile(filepath.Join(dir, "account-gale.nk"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(alone, seed, 0o600))

	issuer, err := auth.ReadIssuer(alone, "")
	require.NoError(t, err)
	require.Equal(t, keys.Issuer().Account(), issuer.Account())
	_, err = auth.ReadIssuer(filepath.Join(dir, "operator.nk"), "")
	require.ErrorContains(t, err, "that of an operator")
	_, err = auth.ReadIssuer(filepath.Join(dir, "none"), "")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = auth.ReadIssuer(alone, filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	state, err := issuer.StateCredentials("words", "W")
	require.NoError(t, err)
	require.Empty(t, state, "it has no key of the account APPS")
	both, err := auth.ReadIssuer(alone, filepath.Join(dir, "account-apps.nk"))
	require.NoError(t, err)
	state, err = both.StateCredentials("words", "W")
	require.NoError(t, err)
	require.NotEmpty(t, state)
}

func TestRolesBelongToAccounts(t *testing.T) {
	keys := newKeys(t)
	issuers := map[string]string{}
	for _, role := range []auth.Role{auth.Daemon, auth.Client, auth.App, auth.System} {
		c := claims(t, text(t)(keys.Issue(role, "somebody")))
		require.Equal(t, "somebody", c.Name)
		require.False(t, c.BearerToken)
		issuers[string(role)] = c.Issuer
	}
	require.Equal(t, keys.Issuer().Account(), issuers["daemon"])
	require.Equal(t, issuers["daemon"], issuers["client"])
	require.NotEqual(t, issuers["daemon"], issuers["app"])
	require.NotEqual(t, issuers["daemon"], issuers["system"])
	require.NotEqual(t, issuers["app"], issuers["system"])

	for _, role := range []auth.Role{"", "worker", "admin"} {
		_, err := keys.Issue(role, "somebody")
		require.ErrorContains(t, err, "must be", "role %q", role)
	}
	for _, role := range []auth.Role{auth.App, auth.System} {
		_, err := keys.Issuer().Issue(role, "somebody")
		require.ErrorContains(t, err, "must be", "role %q", role)
	}
}

func TestWorkersCantSmuggleWildcards(t *testing.T) {
	issuer := newKeys(t).Issuer()
	for _, bad := range []string{"", "*", ">", "a.*", "a.>", "*.a", "a b", "a\tb", "a\n", "a\x00", "$KV", ".a", "a.", "a..b", "é", strings.Repeat("a", 200)} {
		_, err := issuer.WorkerCredentials(bad, "T", "W")
		require.Error(t, err, "topology %q", bad)
	}
	for _, bad := range []string{"", "*", ">", "T.U", "T.*", "T U", "T\n", "T-1", "é", strings.Repeat("a", 200)} {
		_, err := issuer.WorkerCredentials("a", bad, "W")
		require.Error(t, err, "topology id %q", bad)
		_, err = issuer.WorkerCredentials("a", "T", bad)
		require.Error(t, err, "worker %q", bad)
	}
	_, err := issuer.WorkerCredentials("a.b-c_d", "T1", "W1")
	require.NoError(t, err)
}

func TestWriteFileReplacesAndIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	file := filepath.Join(t.TempDir(), "creds")
	require.NoError(t, auth.WriteFile(file, "one"))
	require.NoError(t, auth.WriteFile(file, "two"))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "two", string(content))
	i, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), i.Mode().Perm())
	beside, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, beside, 1)
	require.Error(t, auth.WriteFile(filepath.Join(file, "x"), "one"))
}

func newKeys(t *testing.T) *auth.Keys {
	t.Helper()
	k, err := auth.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	return k
}

func accounts(t *testing.T, k *auth.Keys) []string {
	all, err := k.Accounts()
	require.NoError(t, err)
	return slices.Sorted(maps.Keys(all))
}

func text(t *testing.T) func(string, error) string {
	return func(s string, err error) string {
		t.Helper()
		require.NoError(t, err)
		return s
	}
}

func claims(t *testing.T, credentials string) *jwt.UserClaims {
	token, err := jwt.ParseDecoratedJWT([]byte(credentials))
	require.NoError(t, err)
	c, err := jwt.DecodeUserClaims(token)
	require.NoError(t, err)
	return c
}
