package security

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// closed walks a folder and fails at what others may read. It returns how many files there are.
func closed(t *testing.T, dir string) (files int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was removed meanwhile
		}
		require.NoError(t, err)
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is open to others: %v", path, info.Mode())
		files++
		return nil
	}))
	return files
}

// The whole home: the data of all daemons, the streams of NATS, the file by which other commands find the cluster, and what is temporary.
func TestS15NothingIsOpenToOthersUnderACarelessUmask(t *testing.T) {
	s := newSite(t, 0)
	require.NoError(t, os.Chmod(s.home, 0o700))
	s.submit()
	_, err := s.gale("kill", "numbers", "--no-drain")
	require.NoError(t, err)
	s.submit()
	_, err = s.gale("rebalance", "numbers", "--workers", "1")
	require.NoError(t, err)
	for _, dir := range []string{s.data, filepath.Join(s.home, "tmp"), filepath.Join(s.home, ".config", "gale")} {
		require.Positive(t, closed(t, dir), dir)
	}
	require.Greater(t, closed(t, s.data), 30)
	require.FileExists(t, filepath.Join(s.data, "keys", "operator.nk"))
	s.process.Stop()
	closed(t, s.data)
}
